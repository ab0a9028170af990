/** One job: what was asked for, its state, what its provider has said of it. */

import type { Actor } from './accounts.ts';
import {
  type Catalog,
  type ProductReference,
  resolvedProduct,
  resolvedSupport,
  type UcloudApplication,
  type UcloudProduct,
} from './catalog.ts';
import { ownerOf, permissions } from './resource.ts';

export interface Duration {
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

export interface JobSpec {
  readonly application: UcloudApplication;
  readonly product: UcloudProduct;
  readonly name: string;
  readonly replicas: number;
  /** As they came; nothing when none were sent. */
  readonly parameters: Readonly<Record<string, object>> | null;
  readonly resources: readonly object[] | null;
  readonly timeAllocation: Duration | undefined;
  readonly sshEnabled: boolean;
}

/** What a provider tells of a job; each part may be left out. */
export interface ProviderUpdate {
  readonly state?: string;
  readonly status?: string;
  readonly newTimeAllocation?: number;
}

const finalStates: ReadonlySet<string> = new Set(['SUCCESS', 'FAILURE', 'EXPIRED']);

export class Job {
  readonly id: number;
  readonly actor: Actor;
  readonly spec: JobSpec;
  readonly createdAt = Date.now();
  readonly updates: (ProviderUpdate & { readonly timestamp: number })[] = [];
  name: string;
  state = 'IN_QUEUE';
  startedAt: number | undefined;
  timeAllocation: Duration | undefined;

  constructor(id: number, actor: Actor, spec: JobSpec) {
    this.id = id;
    this.actor = actor;
    this.spec = spec;
    this.name = spec.name;
    this.timeAllocation = spec.timeAllocation;
  }

  get hasEnded(): boolean {
    return finalStates.has(this.state);
  }

  get expiresAt(): number | undefined {
    if (this.startedAt === undefined || this.timeAllocation === undefined) return undefined;
    return this.startedAt + durationMs(this.timeAllocation);
  }

  /** Whether there is an SSH server in it, as the provider on Kubernetes decides. */
  get hasSsh(): boolean {
    const { ssh, backend } = this.spec.application;
    if (ssh === undefined) return backend === 'VIRTUAL_MACHINE';
    return ssh === 'MANDATORY' || (ssh === 'OPTIONAL' && this.spec.sshEnabled);
  }

  /** One moment for all of them. An ended job only goes to another end. */
  add(updates: readonly ProviderUpdate[]): void {
    const timestamp = Date.now();
    for (const update of updates) {
      const { state, newTimeAllocation } = update;
      if (state !== undefined && this.hasEnded && !finalStates.has(state)) continue;
      if (state !== undefined && state !== this.state) {
        this.state = state;
        if (state === 'RUNNING') this.startedAt = timestamp;
      }
      if (newTimeAllocation !== undefined) this.timeAllocation = durationOf(newTimeAllocation);
      this.updates.push({ ...update, timestamp });
    }
  }
}

export function durationMs({ hours, minutes, seconds }: Duration): number {
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

/** UCloud loses the seconds. */
function durationOf(ms: number): Duration {
  const minutes = Math.floor(ms / 60_000);
  return { hours: Math.floor(minutes / 60), minutes: minutes % 60, seconds: 0 };
}

/** What a reader asked to see; lists leave much out. */
export interface JobFlags {
  readonly updates: boolean;
  readonly application: boolean;
  readonly parameters: boolean;
  readonly product: boolean;
}

export function showJob(job: Job, catalog: Catalog, flags: JobFlags): unknown {
  const { spec, state } = job;
  const product = flags.product ? resolvedProduct(spec.product) : null;
  return {
    ...{ id: String(job.id), createdAt: job.createdAt, owner: ownerOf(job.actor), permissions },
    updates: flags.updates ? job.updates.map(showUpdate) : [],
    specification: showSpecification(job),
    status: {
      state,
      jobParametersJson: flags.parameters ? parametersJson(spec) : null,
      startedAt: job.startedAt ?? null,
      expiresAt: job.expiresAt ?? null,
      resolvedApplication: flags.application ? catalog.show(spec.application, null) : null,
      resolvedProduct: product,
      resolvedSupport: flags.product ? resolvedSupport(spec.product) : null,
      allowRestart: false,
    },
    output: { outputFolder: null },
  };
}

function showUpdate({ state, status, newTimeAllocation, timestamp }: Job['updates'][number]): unknown {
  return {
    ...{ state: state ?? null, outputFolder: null, status: status ?? null, expectedState: null },
    ...{ expectedDifferentState: null, newTimeAllocation: newTimeAllocation ?? null },
    ...{ allowRestart: null, resourceList: null, timestamp },
  };
}

/** Names and switches that are not set are left out. */
function showSpecification({ spec, name, timeAllocation }: Job): unknown {
  const { application, product, replicas, parameters, resources, sshEnabled } = spec;
  const all = { ...parameters, ucMetricSampleRate: { type: 'text', value: '0ms' } };
  return {
    ...{ product: referenceOf(product), labels: {}, application: nameAndVersion(application) },
    ...(name !== '' && { name }),
    ...{ hostname: null, replicas, allowDuplicateJob: false },
    parameters: Object.fromEntries(Object.entries(all).map(([key, value]) => [key, wholeValue(value)])),
    ...{ resources: (resources ?? []).map(wholeValue), timeAllocation: timeAllocation ?? null },
    ...(sshEnabled && { sshEnabled }),
  };
}

/** The request as it came in, for those who start the job again. */
function parametersJson(spec: JobSpec): unknown {
  const { application, product, name, replicas, parameters, resources, sshEnabled } = spec;
  return {
    siteVersion: 3,
    request: {
      ...{ application: nameAndVersion(application), product: referenceOf(product), name, replicas },
      ...{
        parameters,
        resources,
        timeAllocation: spec.timeAllocation ?? { hours: 0, minutes: 0, seconds: 0 },
      },
      ...{ resolvedProduct: resolvedProduct(product), resolvedSupport: resolvedSupport(product) },
      ...{ allowDuplicateJob: false, sshEnabled },
    },
    resolvedResources: { ingress: null },
    machineType: { cpu: product.cpu, memoryInGigs: product.memoryInGigs },
  };
}

function nameAndVersion({ name, version }: UcloudApplication) {
  return { name, version };
}

function referenceOf({ id, category, provider }: UcloudProduct): ProductReference {
  return { id, category, provider };
}

const emptyValue = {
  ...{ type: '', path: '', mountPath: '', readOnly: false, value: null, hostname: '', jobId: '', id: '' },
  specification: { applicationName: '', language: '', init: null, job: null, readme: null, inputs: null },
  ...{ modules: null, port: 0, tls: false, server: '', token: '', tokenType: '' },
};

function wholeValue(value: object): unknown {
  return { ...emptyValue, ...value };
}
