/** Jobs, statuses and machines as the platform writes them. */

import type { Job, StatusEntry } from './job.ts';

/** Of the list: the only place that tells the status of a job by itself. */
export function rowOf(job: Job): Record<string, unknown> {
  const shown = (content: string) => ({ content, labelClass: '', useLabel: false });
  return {
    analysisNames: [job.spec.analysis.name],
    clusterStatusDisplay: shown(job.clusterStatus),
    dateInserted: microseconds(job.createdAt, 'Z'),
    id: job.id,
    isVisible: true,
    jobStatus: shown(job.status),
    name: job.name,
    owner: job.spec.account.email,
    sharedWith: [],
    storage: 0,
  };
}

/** `v2` has the core type as text, `v3` as an object. */
export function jobOf(job: Job, version: 'v2' | 'v3'): Record<string, unknown> {
  const { spec } = job;
  const hardware = {
    coreType: version === 'v2' ? spec.coreType : { code: spec.coreType },
    ...{ coresPerSlot: spec.cores, slots: 1, walltime: spec.walltime ?? null },
  };
  const { code, name, version: analysisVersion } = spec.analysis;
  return {
    id: job.id,
    name: job.name,
    owner: spec.account.email,
    dateInserted: microseconds(job.createdAt, 'Z'),
    isLowPriority: spec.isLowPriority,
    cidrRule: spec.cidrRule ?? null,
    publicKey: spec.publicKey ?? null,
    sshPort: spec.sshPort ?? null,
    jobanalyses: [
      {
        analysis: { code, name, version: analysisVersion, versionName: analysisVersion },
        command: spec.command,
        ...{ envVars: {}, hardware, inputFiles: [], useRescaleLicense: false },
      },
    ],
    ...{ archiveFilters: [], caseFile: null, expectedRuns: null, resourceFilters: [], paramFile: null },
  };
}

/** Newest first, with an offset. */
export function statusesOf(entries: readonly StatusEntry[]): unknown[] {
  return [...entries].reverse().map(({ status, at, reason }) => ({
    status,
    statusDate: microseconds(at, '+00:00'),
    statusReason: reason,
  }));
}

/** Newest first, with `Z`: the platform writes its dates in two ways. */
export function clusterStatusesOf(entries: readonly StatusEntry[]): unknown[] {
  return [...entries].reverse().map(({ status, at }) => ({ status, statusDate: microseconds(at, 'Z') }));
}

/** With all fields that were seen live. The only machine has the role CUSTOM. */
export function instancesOf(job: Job): unknown[] {
  const { nodes } = job;
  return nodes.map((node, index) => ({
    clusterId: job.clusterId,
    dateStarted: microseconds(node.startedAt, 'Z'),
    id: node.id,
    instanceGroup: 'compute0',
    isBehindNat: true,
    privateHostname: `p${String(index + 1).padStart(14, '0')}`,
    privateIp: `10.0.0.${10 + index}`,
    publicHostname: 'localhost',
    publicIp: '127.0.0.1',
    role: nodes.length === 1 ? 'CUSTOM' : node === job.head ? 'MPI_MASTER' : 'MPI_SLAVE',
    sshPort: node.sshPort,
    supportedServices: ['ssh'],
    tenancy: 'default',
    username: node.user,
  }));
}

function microseconds(date: Date, zone: 'Z' | '+00:00'): string {
  return date.toISOString().replace('Z', `000${zone}`);
}
