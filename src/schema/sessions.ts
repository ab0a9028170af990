/** Answers of `bai session`. */

import * as z from 'zod/mini';
import { authorized } from './keys.ts';
import { amounts, expectedEnd, providerName, service, session, text, textAnswer, time } from './parts.ts';

const made = {
  id: text,
  name: text,
  status: text,
  created: z.boolean(),
  image: text,
  provider: providerName,
  authorized: z.optional(authorized),
};

const plan = { image: text, dryRun: z.literal(true) };

const backendAiPlan = z.strictObject({
  ...plan,
  name: text,
  architecture: text,
  type: text,
  project: text,
  domain: text,
  resourceGroup: z.nullable(text),
  clusterSize: z.int(),
  clusterMode: text,
  resources: amounts,
  mounts: z.record(z.string(), z.string()),
  environment: z.array(text),
  resourceOptions: z.record(z.string(), z.string()),
  preopenPorts: z.array(z.int()),
  startupCommand: z.nullable(text),
  bootstrapScript: z.boolean(),
  tag: z.nullable(text),
  priority: z.nullable(z.int()),
  waitsFor: z.nullable(text),
  existing: z.nullable(z.strictObject({ id: text, status: text })),
  provider: z.literal('backend.ai'),
});

const ucloudPlan = z.strictObject({
  ...plan,
  name: z.optional(text),
  product: text,
  nodes: z.int(),
  folders: z.array(text),
  parameters: z.array(text),
  timeMs: z.nullable(z.number()),
  provider: z.literal('ucloud'),
});

const rescalePlan = z.strictObject({
  ...plan,
  name: text,
  version: z.nullable(text),
  coreType: text,
  cores: z.int(),
  hours: z.number(),
  command: text,
  isLowPriority: z.boolean(),
  cidrRule: z.nullable(text),
  notes: z.array(text),
  mostCost: z.nullable(z.number()),
  provider: z.literal('rescale'),
});

const common = { id: text, name: text, status: text, createdAt: time, ...expectedEnd };

const computeSession = {
  ...common,
  statusInfo: text,
  type: text,
  image: text,
  project: text,
  resourceGroup: text,
  accessKey: text,
  nodes: z.int(),
  terminatedAt: time,
  provider: z.literal('backend.ai'),
  resources: amounts,
  services: z.array(service),
};

const computeSessionDetails = {
  ...computeSession,
  result: text,
  /** As the manager says them, any JSON. */
  statusData: z.optional(z.unknown()),
  idleChecks: z.optional(z.unknown()),
  mounts: z.array(text),
  containers: z.array(z.strictObject({ id: text, hostname: text, role: text, status: text, agent: text })),
};

const ucloudJob = z.strictObject({
  ...common,
  statusInfo: text,
  mounts: z.optional(z.array(text)),
  provider: z.literal('ucloud'),
  application: text,
  product: text,
  nodes: z.int(),
  workspace: text,
  createdBy: text,
  startedAt: time,
  expiresAt: time,
  ssh: z.enum(['ready', 'off', '?']),
  sshAddress: z.nullable(z.strictObject({ user: text, host: text, port: z.int() })),
  updates: z.array(z.strictObject({ at: time, state: text, status: text })),
});

const rescaleJob = {
  ...common,
  owner: text,
  phase: z.enum(['starting', 'ready', 'suspended', 'ending', 'ended', 'failed', 'cancelled']),
  clusterStatus: text,
  analyses: z.array(text),
  provider: z.literal('rescale'),
};

const rescaleJobDetails = {
  ...rescaleJob,
  statusInfo: text,
  mounts: z.optional(z.array(text)),
  history: z.array(z.strictObject({ status: text, at: time, reason: text })),
  instances: z.array(
    z.strictObject({
      role: text,
      username: text,
      publicIp: z.optional(z.nullable(text)),
      publicHostname: z.optional(z.nullable(text)),
      sshPort: z.optional(z.nullable(z.int())),
      supportedServices: z.optional(z.nullable(z.array(text))),
    }),
  ),
  cidrRule: z.optional(text),
  publicKey: z.optional(text),
};

const listed = z.union([z.strictObject(computeSession), ucloudJob, z.strictObject(rescaleJob)]);

export const sessionSchemas = {
  'session-create': z.strictObject(made),
  'session-create-plan': z.union([backendAiPlan, ucloudPlan, rescalePlan]),
  'session-list': z.array(listed),
  'session-list-change': z.strictObject({ event: z.enum(['added', 'changed', 'removed']), session: listed }),
  'session-info': z.union([
    z.strictObject(computeSessionDetails),
    ucloudJob,
    z.strictObject(rescaleJobDetails),
  ]),
  'session-logs': textAnswer,
  'session-wait': z.strictObject({ id: text, name: text, status: text }),
  'session-rename': session,
  'session-extend': z.strictObject({ ...common, createdAt: z.optional(time), expiresAt: time }),
  'session-terminate': z.array(
    z.strictObject({ id: text, name: text, hadEnded: z.optional(z.literal(true)) }),
  ),
};
