/** What managers answer to questions about what there is for new sessions. Rows that cannot be one are left out by whoever reads them. */

import * as z from 'zod/mini';

const text = z.pipe(
  z.optional(z.nullable(z.string())),
  z.transform((value) => value ?? ''),
);

/** In a list of names, and of rows, a null is nothing. */
function listOf<S extends z.ZodMiniType>(item: S) {
  return z.pipe(
    z.optional(z.nullable(z.array(z.nullable(item)))),
    z.transform((items) => (items ?? []).filter((each) => each !== null)),
  );
}

/** Read amount by amount: one that makes no sense must not hide the others. */
const slots = z.optional(z.nullable(z.unknown()));

export const imagesSchema = z.array(
  z.object({
    name: text,
    tag: text,
    registry: text,
    architecture: text,
    installed: z.optional(z.nullable(z.boolean())),
    /** A number beyond what GraphQL's own can hold: some releases write digits. */
    size_bytes: z.optional(z.nullable(z.union([z.number(), z.string()]))),
    aliases: listOf(z.string()),
    resource_limits: listOf(z.object({ key: text, min: slots })),
  }),
);

export const foldersSchema = z.array(
  z.object({
    id: text,
    name: text,
    host: text,
    status: text,
    permission: text,
    is_owner: z.optional(z.nullable(z.boolean())),
    ownership_type: text,
    /** 23.09 also tells a project's name; later releases its id only. */
    group: text,
    group_name: text,
  }),
);

export const memberSchema = z.object({
  domain_name: text,
  groups: listOf(z.object({ id: text, name: z.string() })),
});

export const resourceGroupsSchema = z.object({ scaling_groups: z.array(z.object({ name: z.string() })) });

export const checkedSchema = z.object({
  keypair_using: slots,
  keypair_remaining: slots,
  scaling_groups: z.record(z.string(), z.object({ remaining: slots, available: slots })),
  presets: listOf(z.object({ name: text, resource_slots: slots, allocatable: z.optional(z.boolean()) })),
});

export const machinesSchema = z.object({
  total_count: z.number(),
  items: listOf(
    z.object({
      id: text,
      scaling_group: text,
      schedulable: z.optional(z.nullable(z.boolean())),
      available_slots: slots,
    }),
  ),
});
