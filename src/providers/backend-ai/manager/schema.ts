/** Shapes of the manager's answers. Unknown keys are dropped, never refused: the manager grows. */

import * as z from 'zod/mini';
import { parseJson } from '../../../core/text/json.ts';

const text = z.pipe(
  z.optional(z.nullable(z.string())),
  z.transform((value) => value ?? ''),
);

/** JSON inside a JSON string, as GraphQL's JSONString sends it; already parsed JSON passes too. */
const jsonText = z.pipe(
  z.optional(z.nullable(z.unknown())),
  // Broken JSON in a column nobody needs must not hide the session.
  z.transform((value) => (typeof value === 'string' ? parseJson(value) : value)),
);

export const createdSchema = z.object({
  sessionId: z.string(),
  sessionName: z.optional(z.string()),
  status: z.string(),
  created: z.optional(z.boolean()),
});

export const matchesSchema = z.object({
  matches: z.array(z.object({ id: z.string(), name: text, status: z.string() })),
});

export const sessionRowSchema = z.object({
  session_id: z.optional(z.nullable(z.string())),
  id: z.optional(z.nullable(z.string())),
  name: text,
  type: text,
  status: z.string(),
  status_info: text,
  status_data: jsonText,
  result: text,
  idle_checks: jsonText,
  image: text,
  access_key: text,
  group_name: text,
  scaling_group: text,
  cluster_size: z.optional(z.nullable(z.number())),
  created_at: text,
  terminated_at: text,
  service_ports: jsonText,
  occupying_slots: jsonText,
  mounts: z.optional(z.nullable(z.array(z.nullable(z.string())))),
  containers: z.optional(
    z.nullable(
      z.array(z.object({ id: text, cluster_hostname: text, cluster_role: text, status: text, agent: text })),
    ),
  ),
});

export type SessionRow = z.infer<typeof sessionRowSchema>;

export const slotsSchema = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

export const servicePortsSchema = z.array(
  z.object({
    name: z.string(),
    protocol: text,
    ports: z.optional(z.nullable(z.array(z.number()))),
    container_ports: z.optional(z.nullable(z.array(z.number()))),
  }),
);

export const appsSchema = z.array(
  z.object({
    name: z.string(),
    protocol: z.string(),
    ports: z.pipe(
      z.optional(z.array(z.number())),
      z.transform((ports) => ports ?? []),
    ),
  }),
);

export const logsSchema = z.object({ result: z.object({ logs: text }) });

export const graphqlSchema = z.object({
  data: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
  errors: z.optional(z.nullable(z.array(z.object({ message: z.string() })))),
});

export const sessionListSchema = z.object({ total_count: z.number(), items: z.array(sessionRowSchema) });

export const namesSchema = z.object({
  items: z.array(
    z.object({ session_id: z.optional(z.nullable(z.string())), name: text, status: z.string() }),
  ),
});

export const eventSchema = z.object({
  reason: text,
  sessionId: text,
  sessionName: text,
});

export const keypairSchema = z.object({ ssh_public_key: text });

export const generatedKeypairSchema = z.object({ ssh_public_key: z.string(), ssh_private_key: z.string() });

/** Of an object of texts, numbers and nulls; anything else is an empty one. */
const plainObject = z.pipe(
  jsonText,
  z.transform((value): Readonly<Record<string, string | number | null>> => {
    const parsed = slotsSchema.safeParse(value);
    return parsed.success ? parsed.data : {};
  }),
);

function listOf<S extends z.ZodMiniType>(item: S, most: number) {
  return z.pipe(
    z.optional(z.nullable(z.array(z.nullable(item)).check(z.maxLength(most)))),
    z.transform((items) => (items ?? []).filter((each) => each !== null)),
  );
}

export const likeRowSchema = z.object({
  image: z.string().check(z.minLength(1)),
  architecture: text,
  type: text,
  startup_command: text,
  domain_name: text,
  group_id: text,
  scaling_group: text,
  cluster_size: z.number().check(z.gte(1), z.lte(10_000)),
  cluster_mode: text,
  mounts: listOf(z.string(), 10_000),
  tag: text,
  priority: z.nullish(z.number()),
  requested_slots: plainObject,
  containers: listOf(
    z.object({
      occupied_slots: plainObject,
      resource_opts: plainObject,
      preopen_ports: listOf(z.number(), 1_000),
    }),
    10_000,
  ),
});

export type LikeRow = z.infer<typeof likeRowSchema>;

export const environmentSchema = z.object({ environ: text });
