/** What stands on stderr, one object a line. */

import * as z from 'zod/mini';
import { errorCodes } from '../error-codes/index.ts';
import { transferSchema } from './files.ts';
import { problem, text } from './parts.ts';

const fingerprints = z.strictObject({ type: z.optional(text), sha256: text, md5: text });
const texts = z.optional(z.array(text));
const number = z.optional(z.number());
const word = z.optional(text);

const tableCodes = Object.values(errorCodes).flatMap((codes) => Object.keys(codes));
/** Errors of the system have their own name in it, such as `local-enospc`. */
const code = z.union([z.enum(tableCodes), z.string().check(z.regex(/^local-e[a-z0-9]+$/))]);

/** What single codes tell beside the fields that all have. */
const details = {
  id: word,
  ids: texts,
  name: word,
  /** Of a session its state, of an answer the status of HTTP. */
  status: z.optional(z.union([z.string(), z.number()])),
  type: word,
  errorCode: word,
  errors: word,
  reason: word,
  said: word,
  why: word,
  retryAfterSeconds: number,
  closeCode: number,
  proxy: word,
  profile: word,
  profiles: texts,
  owner: word,
  expiresAt: word,
  endsBecause: word,
  path: word,
  lock: word,
  looked: texts,
  doneBytes: number,
  totalBytes: number,
  bytes: number,
  limit: number,
  port: number,
  app: word,
  apps: texts,
  node: word,
  nodes: texts,
  user: word,
  fingerprint: word,
  hungUp: z.optional(z.literal(true)),
  knownHosts: word,
  offered: z.optional(z.union([fingerprints, z.string()])),
  accepted: word,
  pinned: z.optional(z.array(fingerprints)),
  allowedFrom: z.optional(z.union([z.string(), z.array(text)])),
  versions: texts,
  applications: texts,
  products: texts,
  parameters: texts,
  drives: z.optional(z.array(z.strictObject({ id: text, title: text }))),
  keys: texts,
  commands: texts,
  fields: texts,
};

export const conversationSchemas = {
  warning: z.strictObject({ warning: text, hint: word }),
  error: z.strictObject({
    error: z.strictObject({
      code,
      message: text,
      hint: word,
      exitCode: z.int(),
      stack: word,
      ...details,
    }),
  }),
  /** Where stdout has the bytes of the file. */
  result: z.strictObject({ result: transferSchema }),
  'event-start': z.strictObject({ event: z.literal('start'), path: text, totalBytes: number }),
  'event-resumed': z.strictObject({ event: z.literal('resumed'), path: text, bytes: z.number() }),
  'event-progress': z.strictObject({
    event: z.literal('progress'),
    files: z.int(),
    totalFiles: number,
    bytes: z.number(),
    totalBytes: number,
    bytesPerSecond: z.number(),
    secondsLeft: number,
    retries: z.int(),
    running: z.array(z.strictObject({ path: text, bytes: z.number(), totalBytes: number })),
  }),
  'event-end': z.strictObject({
    event: z.literal('end'),
    path: text,
    bytes: z.number(),
    totalBytes: number,
  }),
  'event-retry': z.extend(problem, { event: z.literal('retry') }),
  'event-failed': z.extend(problem, { event: z.literal('failed') }),
  'event-skipped': z.extend(problem, { event: z.literal('skipped') }),
  'event-left': z.strictObject({ event: z.literal('left'), paths: z.array(text) }),
};
