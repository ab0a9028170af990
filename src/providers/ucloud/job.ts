/** A job as UCloud shows it, and what its words mean to somebody who waits for it or wants to get in. */

import type { JobRow } from './schema.ts';
import { type JobUpdate, sshLineOf } from './ssh-line.ts';

export interface ProductReference {
  readonly id: string;
  readonly category: string;
  readonly provider: string;
}

type JobPhase = 'starting' | 'ready' | 'suspended' | 'ending' | 'ended' | 'failed';

export interface Job {
  readonly id: string;
  /** Empty when it has none; names may be double and hold any character. */
  readonly name: string;
  /** UCloud's own word, such as `IN_QUEUE`. */
  readonly state: string;
  readonly phase: JobPhase;
  readonly application: { readonly name: string; readonly version: string };
  readonly product: ProductReference;
  readonly owner: { readonly createdBy: string; readonly project: string };
  readonly nodes: number;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  /** Nothing: it has no limit, or has not begun. */
  readonly expiresAt: number | undefined;
  /** How long it may run; nothing for no limit. */
  readonly allocationMs: number | undefined;
  readonly ssh: SshState;
  /** Oldest first; empty where a list was asked for without them. */
  readonly updates: readonly JobUpdate[];
}

export type SshState =
  | { readonly kind: 'address'; readonly user: string; readonly host: string; readonly port: number }
  /** It was asked for, and the address is not there yet. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'off'; readonly reason: SshOffReason }
  | { readonly kind: 'failed'; readonly reason: string }
  /** The provider's line has no known form. */
  | { readonly kind: 'unreadable'; readonly line: string }
  /** Lists do not tell of every application whether it always has SSH. */
  | { readonly kind: 'unknown' };

/** `not-asked`: it has to be switched on when the job is made, and cannot be later. */
export type SshOffReason = 'not-asked' | 'application' | 'audit-log' | 'ended';

const phases: ReadonlyMap<string, JobPhase> = new Map([
  ['IN_QUEUE', 'starting'],
  ['RUNNING', 'ready'],
  ['SUSPENDED', 'suspended'],
  ['SUCCESS', 'ended'],
  ['EXPIRED', 'ended'],
  ['FAILURE', 'failed'],
]);

/** A word that is not known is on its way. UCloud has none for a job that is ending: it stays `RUNNING` to the end. */
export function phaseOf(state: string): JobPhase {
  return phases.get(state) ?? 'starting';
}

export function hasEnded(phase: JobPhase): boolean {
  return phase === 'ended' || phase === 'failed';
}

/** Ids are decimal numbers. */
export function isJobId(text: string): boolean {
  return /^[0-9]{1,19}$/.test(text);
}

export function jobOf(row: JobRow): Job {
  const { specification, status } = row;
  const phase = phaseOf(status.state);
  const updates = (row.updates ?? []).map(({ timestamp, state, status: words }) => ({
    timestamp,
    state: state ?? undefined,
    status: words ?? '',
  }));
  return {
    id: row.id,
    name: specification.name,
    state: status.state,
    phase,
    application: specification.application,
    product: specification.product,
    owner: row.owner,
    nodes: specification.replicas,
    createdAt: row.createdAt,
    startedAt: status.startedAt ?? undefined,
    expiresAt: status.expiresAt ?? undefined,
    allocationMs: specification.timeAllocation ? durationMs(specification.timeAllocation) : undefined,
    ssh: hasEnded(phase) ? { kind: 'off', reason: 'ended' } : sshStateOf(row, updates),
    updates,
  };
}

/** What the provider has written counts for more than what was asked for: on Slurm there is a line in any case. */
function sshStateOf({ specification, status }: JobRow, updates: readonly JobUpdate[]): SshState {
  const line = sshLineOf(updates);
  if (line !== undefined) return line;
  const application = status.resolvedApplication ?? undefined;
  if (application === undefined) return specification.sshEnabled ? { kind: 'waiting' } : { kind: 'unknown' };
  const { invocation } = application;
  const mode = invocation.ssh?.mode || undefined;
  if (invocation.jobAuditLogIsEnabled === true && mode !== 'MANDATORY')
    return { kind: 'off', reason: 'audit-log' };
  if (mode === 'MANDATORY') return { kind: 'waiting' };
  if (mode === 'OPTIONAL')
    return specification.sshEnabled ? { kind: 'waiting' } : { kind: 'off', reason: 'not-asked' };
  // A virtual machine whose application says nothing has it.
  const isMachine = invocation.tool.tool?.description.backend === 'VIRTUAL_MACHINE';
  return isMachine && mode === undefined ? { kind: 'waiting' } : { kind: 'off', reason: 'application' };
}

interface Duration {
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

export function durationMs({ hours, minutes, seconds }: Duration): number {
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

/** Rounded up to whole minutes: UCloud loses the seconds when a job is extended. */
export function durationOf(ms: number): Duration {
  const minutes = Math.ceil(ms / 60_000);
  return { hours: Math.floor(minutes / 60), minutes: minutes % 60, seconds: 0 };
}
