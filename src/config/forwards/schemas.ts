/** The forms of what processes of forwards write down and say to each other. */

import * as z from 'zod/mini';
import type { BackgroundAnswer, ControlAnswer, ForwardRecord } from '../../core/forward/background.ts';
import { parseJson } from '../../core/text/json.ts';

const session = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  node: z.optional(z.string()),
});

const listener = z.object({
  kind: z.enum(['app', 'port', 'remote']),
  spec: z.string(),
  host: z.string(),
  port: z.number(),
  app: z.optional(z.string()),
  remoteHost: z.optional(z.string()),
  remotePort: z.optional(z.number()),
  url: z.optional(z.string()),
  ssh: z.optional(z.object({ user: z.string(), identityFile: z.optional(z.string()), command: z.string() })),
});

const facts = { id: z.string(), name: z.string(), session, listeners: z.array(listener) };

const record = z.object({
  ...facts,
  specs: z.array(z.string()),
  owner: z.object({ host: z.string(), space: z.string(), pid: z.number(), started: z.string() }),
  startedAt: z.string(),
  control: z.string(),
  ended: z.optional(z.object({ at: z.string(), reason: z.string(), code: z.optional(z.string()) })),
});

const background = z.union([
  z.object({ kind: z.enum(['started', 'already']), facts: z.object(facts), others: z.array(z.string()) }),
  z.object({
    kind: z.literal('failed'),
    error: z.object({
      message: z.string(),
      code: z.string(),
      exitCode: z.number(),
      hint: z.optional(z.string()),
      details: z.record(z.string(), z.unknown()),
    }),
  }),
]);

const control = z.union([
  z.object({ kind: z.literal('stopping') }),
  z.object({
    kind: z.literal('status'),
    listeners: z.array(listener),
    status: z.object({
      state: z.enum(['running', 'signed-out', 'unreachable']),
      reason: z.optional(z.string()),
      connections: z.number(),
      total: z.number(),
    }),
  }),
]);

/** Each is nothing where the text has another form. */
export function readRecord(text: string): ForwardRecord | undefined {
  return read(record, text);
}

export function readBackgroundAnswer(text: string): BackgroundAnswer | undefined {
  return read(background, text) as BackgroundAnswer | undefined;
}

export function readControlAnswer(text: string): ControlAnswer | undefined {
  return read(control, text);
}

function read<T extends z.core.$ZodType>(schema: T, text: string): Present<z.output<T>> | undefined {
  const parsed = z.safeParse(schema, parseJson(text));
  // JSON has no `undefined`: what is optional is there or it is not.
  return parsed.success ? (parsed.data as Present<z.output<T>>) : undefined;
}

/** As the compiler wants what is left out to be left out. */
type Present<T> = T extends readonly (infer E)[]
  ? Present<E>[]
  : T extends object
    ? { [K in keyof T]: Present<Exclude<T[K], undefined>> }
    : T;
