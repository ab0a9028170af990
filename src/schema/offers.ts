/** Answers of `bai image`, `vfolder`, `resource` and `project`. */

import * as z from 'zod/mini';
import { amounts, text } from './parts.ts';

export const offerSchemas = {
  'image-list': z.array(
    z.strictObject({
      reference: text,
      aliases: z.array(text),
      architecture: text,
      isInstalled: z.optional(z.boolean()),
      sizeBytes: z.optional(z.number()),
      least: amounts,
    }),
  ),
  'vfolder-list': z.array(
    z.strictObject({
      name: text,
      id: text,
      permission: z.enum(['ro', 'rw', 'rw-delete']),
      owner: z.enum(['own', 'shared', 'project']),
      project: z.optional(text),
      host: text,
      status: text,
      isAutomatic: z.boolean(),
    }),
  ),
  'resource-list': z.strictObject({
    groups: z.array(z.strictObject({ name: text, total: z.optional(amounts), free: amounts })),
    allowed: amounts,
    used: amounts,
    presets: z.array(z.strictObject({ name: text, amounts, isAvailable: z.boolean() })),
  }),
  'project-list': z.array(z.strictObject({ name: text, id: text, domain: text, isChosen: z.boolean() })),
};
