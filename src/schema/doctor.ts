/** The answer of `bai doctor`. */

import * as z from 'zod/mini';
import { findingCodes, stageNames } from '../core/doctor/stages.ts';
import { conversationSchemas } from './conversation.ts';
import { text } from './parts.ts';

const stage = z.enum(stageNames);
const timed = { stage, ms: z.number() };
const passed = { ...timed, seen: text, facts: z.record(z.string(), z.unknown()) };
const warnings = z.array(
  z.strictObject({ code: z.enum(findingCodes), message: text, hint: z.optional(text) }),
);

const stages = z.discriminatedUnion('state', [
  z.strictObject({ ...passed, state: z.literal('ok') }),
  z.strictObject({ ...passed, state: z.literal('warning'), warnings }),
  z.strictObject({
    ...timed,
    state: z.literal('failed'),
    error: conversationSchemas.error.shape.error,
  }),
  /** Only the owner gets into a session. */
  z.strictObject({ stage, state: z.literal('not-tried'), because: z.union([stage, z.literal('owner')]) }),
]);

export const doctorSchemas = {
  doctor: z.strictObject({
    ok: z.boolean(),
    failed: z.optional(stage),
    exitCode: z.int(),
    session: z.optional(text),
    stages: z.array(stages),
    bundle: z.optional(z.strictObject({ path: text, bytes: z.int(), holds: z.array(text) })),
  }),
};
