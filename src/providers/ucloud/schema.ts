/** Shapes of UCloud's answers. Unknown keys are dropped, never refused: UCloud grows. */

import * as z from 'zod/mini';

const text = z.pipe(
  z.optional(z.nullable(z.string())),
  z.transform((value) => value ?? ''),
);
const flag = z.pipe(
  z.optional(z.nullable(z.boolean())),
  z.transform((value) => value ?? false),
);
const maybe = <S extends z.ZodMiniType>(schema: S) => z.optional(z.nullable(schema));

const nameAndVersion = z.object({ name: z.string(), version: z.string() });
const productReference = z.object({ id: z.string(), category: z.string(), provider: z.string() });
const duration = z.object({ hours: z.number(), minutes: z.number(), seconds: z.number() });

const parameterSchema = z.object({
  type: z.string(),
  name: z.string(),
  optional: flag,
  defaultValue: z.optional(z.unknown()),
  title: text,
  min: z.optional(z.unknown()),
  max: z.optional(z.unknown()),
  options: maybe(z.array(z.object({ name: text, value: text }))),
});

const invocationSchema = z.object({
  tool: z.object({
    tool: maybe(
      z.object({ description: z.object({ backend: text, defaultTimeAllocation: maybe(duration) }) }),
    ),
  }),
  parameters: maybe(z.array(parameterSchema)),
  ssh: maybe(z.object({ mode: text })),
  allowMultiNode: maybe(z.boolean()),
  jobAuditLogIsEnabled: maybe(z.boolean()),
});

export const applicationSchema = z.object({
  metadata: z.object({ name: z.string(), version: z.string(), title: text }),
  invocation: invocationSchema,
  versions: maybe(z.array(z.string())),
});

export type ApplicationRow = z.infer<typeof applicationSchema>;
export type ParameterRow = z.infer<typeof parameterSchema>;

export const applicationNameSchema = z.object({ metadata: z.object({ name: z.string(), title: text }) });

export const dynamicParametersSchema = z.object({
  parametersByProvider: maybe(z.record(z.string(), z.nullable(z.array(parameterSchema)))),
});

const updateSchema = z.object({
  timestamp: z.number(),
  state: maybe(z.string()),
  status: maybe(z.string()),
  newTimeAllocation: maybe(z.number()),
});

export const jobSchema = z.object({
  id: z.string(),
  createdAt: z.number(),
  owner: z.object({ createdBy: text, project: text }),
  updates: maybe(z.array(updateSchema)),
  specification: z.object({
    name: text,
    application: nameAndVersion,
    product: productReference,
    replicas: z.number(),
    timeAllocation: maybe(duration),
    sshEnabled: flag,
  }),
  status: z.object({
    state: z.string(),
    startedAt: maybe(z.number()),
    expiresAt: maybe(z.number()),
    resolvedApplication: maybe(applicationSchema),
  }),
});

export type JobRow = z.infer<typeof jobSchema>;

export const keySchema = z.object({
  id: z.string(),
  createdAt: z.number(),
  specification: z.object({ title: text, key: z.string() }),
});

const support = maybe(z.object({ enabled: flag }));

const productSchema = z.object({
  product: z.object({
    name: z.string(),
    category: z.object({ name: z.string(), provider: z.string() }),
    description: text,
    cpu: maybe(z.number()),
    memoryInGigs: maybe(z.number()),
    gpu: maybe(z.number()),
  }),
  support: z.object({ docker: support, virtualMachine: support, native: support }),
});

export const productsSchema = z.object({
  productsByProvider: z.record(z.string(), z.nullable(z.array(productSchema))),
});

export const driveSchema = z.object({ id: z.string(), specification: z.object({ title: text }) });

export const fileSchema = z.object({ id: z.string(), status: z.object({ type: text }) });

/** `responses` is left out where nothing was asked for. */
export const createdSchema = z.object({ responses: maybe(z.array(z.object({ id: z.string() }))) });

export const tokenSchema = z.object({
  id: z.string(),
  owner: z.object({ project: text }),
  specification: z.object({ title: text, expiresAt: maybe(z.number()) }),
});

export const projectSchema = z.object({ id: z.string(), specification: z.object({ title: text }) });
