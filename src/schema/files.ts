/** Answers of `bai sftp`. */

import * as z from 'zod/mini';
import { hostKey, problem, session, text, time } from './parts.ts';

const transfer = {
  session: text,
  files: z.int(),
  bytes: z.number(),
  failed: z.array(problem),
  skipped: z.array(problem),
  verified: z.int(),
  resumed: z.int(),
  byTar: z.int(),
  undated: z.array(text),
  retries: z.int(),
  seconds: z.number(),
};

/** What `--dry-run` of put, get and sync would do. */
const plan = z.strictObject({
  session: text,
  dryRun: z.literal(true),
  bytes: z.number(),
  unchanged: z.int(),
  folders: z.array(text),
  copies: z.array(z.strictObject({ path: text, target: z.optional(text), bytes: z.number(), reason: text })),
  removals: z.array(z.strictObject({ path: text, isFolder: z.boolean() })),
  failed: z.array(problem),
  skipped: z.array(problem),
});

const attributes = {
  kind: z.enum(['file', 'folder', 'link', 'other', 'unknown']),
  size: z.optional(z.number()),
  mode: z.optional(text),
  uid: z.optional(z.int()),
  gid: z.optional(z.int()),
  modifiedAt: z.optional(time),
};

const rates = {
  upBytesPerSecond: z.nullable(z.number()),
  downBytesPerSecond: z.nullable(z.number()),
};

export const transferSchema = z.strictObject(transfer);

export const fileSchemas = {
  'sftp-put': transferSchema,
  'sftp-put-plan': plan,
  'sftp-get': transferSchema,
  'sftp-get-plan': plan,
  'sftp-sync': z.strictObject({ ...transfer, unchanged: z.int(), removed: z.int() }),
  'sftp-sync-plan': plan,
  'sftp-ls': z.strictObject({
    session: text,
    path: text,
    entries: z.array(z.strictObject({ name: text, ...attributes })),
  }),
  'sftp-mkdir': z.strictObject({
    session: text,
    created: z.array(text),
    failed: z.optional(z.array(problem)),
  }),
  'sftp-rm': z.strictObject({ session: text, removed: z.int(), failed: z.array(problem) }),
  'sftp-mv': z.strictObject({ session: text, from: text, to: text }),
  'sftp-stat': z.strictObject({
    session: text,
    path: text,
    realPath: z.optional(text),
    ...attributes,
  }),
  'sftp-site': z.strictObject({
    path: text,
    change: z.enum(['created', 'replaced', 'unchanged']),
    session,
    host: text,
    port: z.int(),
    user: text,
    keyFile: text,
    remoteFolder: text,
    hostKeys: z.array(hostKey),
  }),
  'sftp-speedtest': z.strictObject({
    session: text,
    roundTripMs: z.number(),
    windowBytes: z.number(),
    ciphers: z.array(z.strictObject({ name: text, offered: z.boolean(), ...rates })),
    connections: z.array(z.strictObject({ count: z.int(), ...rates })),
    chosen: z.strictObject({ cipher: text, connections: z.int() }),
  }),
};
