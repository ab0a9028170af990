/** Answers of an API in JSON: where they come from, what is accepted of them, what is left of a refusal. */

import type { IncomingMessage } from 'node:http';
import type * as z from 'zod/mini';
import { parseJson } from '../core/text/json.ts';
import { BaiError, ProtocolError } from '../errors.ts';
import { readBody } from './http.ts';
import type { ServerName } from './server-name.ts';

/** `path` is below the endpoint, each part already percent-encoded; the values of `query` are not. */
export function urlBelow(
  endpoint: URL,
  path: string,
  query: Readonly<Record<string, string>> | undefined = {},
): URL {
  const url = new URL(`${endpoint.origin}${endpoint.pathname.replace(/\/+$/, '')}/${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
  return url;
}

interface Reading {
  /** Completes "cannot …". */
  readonly what: string;
  readonly server: ServerName;
  /** Whose answer it is, as the error names it: `Rescale at https://platform.rescale.com`. */
  readonly speaker: string;
  /** What to look at when it has another form. */
  readonly hint: string;
  readonly mostBytes: number;
  readonly signal: AbortSignal;
}

/** Rejects with a ProtocolError when the body is not JSON of that form. */
export async function readChecked<S extends z.ZodMiniType>(
  response: IncomingMessage,
  schema: S,
  { what, server, speaker, hint, mostBytes, signal }: Reading,
): Promise<z.infer<S>> {
  const body = await readBody(response, { signal, limit: mostBytes, server });
  const parsed = schema.safeParse(parseJson(body.toString()));
  if (parsed.success) return parsed.data;
  throw new ProtocolError(`cannot ${what}: the answer of ${speaker} does not have the expected form`, {
    cause: parsed.error,
    hint,
  });
}

const largestRefusal = 1 << 20;

/** The body only makes a message better: it is empty when it breaks off, is not readable, or does not end before `limit`. */
export async function readRefusal(
  response: IncomingMessage,
  { server, signal, limit = signal }: { server: ServerName; signal: AbortSignal; limit?: AbortSignal },
): Promise<string> {
  try {
    return (await readBody(response, { limit: largestRefusal, signal: limit, server })).toString();
  } catch (error) {
    if (signal.aborted || !(error instanceof BaiError)) throw error;
    return '';
  }
}
