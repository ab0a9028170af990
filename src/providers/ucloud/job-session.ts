/** Jobs in the words that every provider's sessions are told in. */

import { expectedEnd } from '../../core/session/expected-end.ts';
import type { SessionDetails, SessionRef, SessionSummary } from '../../core/session/session.ts';
import { type Job, phaseOf, type SshState } from './job.ts';
import { productName } from './products.ts';

/** `status` is UCloud's own word, but for a job that was terminated and still runs. */
export interface JobSession extends SessionDetails {
  readonly provider: 'ucloud';
  /** `NAME:VERSION` */
  readonly application: string;
  /** `CATEGORY/ID@PROVIDER` */
  readonly product: string;
  readonly nodes: number;
  /** The project's id; empty for the personal workspace. */
  readonly workspace: string;
  readonly createdBy: string;
  /** In ISO 8601, as all times; empty when there is none. */
  readonly startedAt: string;
  readonly expiresAt: string;
  /** `ready`, `off`, or `?` where that is not known yet. */
  readonly ssh: 'ready' | 'off' | '?';
  readonly sshAddress: { readonly user: string; readonly host: string; readonly port: number } | null;
  /** What UCloud and the job's provider have said of it, oldest first. */
  readonly updates: readonly JobSessionUpdate[];
}

interface JobSessionUpdate {
  readonly at: string;
  readonly state: string;
  readonly status: string;
}

/** A job without a name goes by its number. */
export function refOf(job: Job): SessionRef {
  return { id: job.id, name: job.name === '' ? job.id : job.name, status: job.state };
}

export function sessionOf(job: Job): JobSession & SessionSummary {
  const { application, ssh, expiresAt } = job;
  const runs = job.phase === 'ready' && expiresAt !== undefined;
  return {
    ...refOf(job),
    ...(runs && expectedEnd(expiresAt, 'time-limit')),
    provider: 'ucloud',
    createdAt: timeOf(job.createdAt),
    statusInfo: job.phase === phaseOf(job.state) ? '' : job.phase,
    application: `${application.name}:${application.version}`,
    product: productName(job.product),
    nodes: job.nodes,
    workspace: job.owner.project,
    createdBy: job.owner.createdBy,
    startedAt: timeOf(job.startedAt),
    expiresAt: timeOf(job.expiresAt),
    ssh: wordOf(ssh),
    sshAddress: ssh.kind === 'address' ? { user: ssh.user, host: ssh.host, port: ssh.port } : null,
    updates: job.updates.map(({ timestamp, state = '', status }) => ({
      at: timeOf(timestamp),
      state,
      status,
    })),
  };
}

function wordOf({ kind }: SshState): JobSession['ssh'] {
  if (kind === 'address') return 'ready';
  return kind === 'off' || kind === 'failed' ? 'off' : '?';
}

export function timeOf(ms: number | undefined): string {
  const date = new Date(ms ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}
