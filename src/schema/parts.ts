/** What several answers have in common. */

import * as z from 'zod/mini';

/** ISO 8601, or empty where nobody says. */
export const time = z.string();

export const text = z.string();

/** Exact decimal numbers as texts, memory in bytes, by the platform's own names. */
export const amounts = z.record(z.string(), z.string());

/** A session, or one container of it. */
export const session = z.strictObject({
  id: text,
  name: text,
  status: text,
  node: z.optional(text),
});

export const expectedEnd = {
  endsAt: z.optional(time),
  endsBecause: z.optional(z.enum(['idle', 'underuse', 'lifetime', 'time-limit'])),
};

export const service = z.strictObject({ name: text, protocol: text, ports: z.array(z.int()) });

export const hostKey = z.strictObject({ type: text, sha256: text, md5: text });

/** What was not done with one file, and why. */
export const problem = z.strictObject({ path: text, reason: text, code: text });

/** Pieces of a log, or a whole text. */
export const textAnswer = z.strictObject({ text });

export const endedLogin = {
  loginEnded: z.boolean(),
  ended: z.array(z.strictObject({ pid: z.int(), what: text })),
  left: z.array(z.strictObject({ pid: z.int(), what: text })),
};

export const providerName = z.enum(['backend.ai', 'ucloud', 'rescale']);
