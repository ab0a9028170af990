/** What a job's status means to somebody who wants to get in. */

import type { SessionPhase } from '../../core/session/provider.ts';

/** What a job is called that was saved and not submitted: the platform has no status for it. */
export const savedStatus = 'Saved';

/**
 * As they were seen live, in this order: Pending, Waiting for Queue, Queued, Started, Validated, Executing. The vendor's
 * programs know the others. A word that none of them knows is on its way.
 */
const words: readonly (readonly [status: string, phase: SessionPhase])[] = [
  [savedStatus, 'suspended'],
  ['Pending', 'starting'],
  ['Waiting for Cluster', 'starting'],
  ['Waiting for Queue', 'starting'],
  ['Queued', 'starting'],
  ['Started', 'starting'],
  ['Validated', 'starting'],
  ['Executing', 'ready'],
  ['Suspending', 'suspended'],
  ['Suspended', 'suspended'],
  ['Stopping', 'ending'],
  ['Force Stop', 'ending'],
  ['Completed', 'ended'],
  ['Stopped', 'ended'],
  ['Force Stopped', 'ended'],
  ['Terminated', 'ended'],
  ['Failed', 'failed'],
];

/** In the order in which jobs pass them. */
export const statusWords: readonly string[] = words.map(([status]) => status);

const phases: ReadonlyMap<string, SessionPhase> = new Map(
  words.map(([status, phase]) => [statusKey(status), phase]),
);

/** By the status alone: whether a job that executes has machines to log in to is not in it. */
export function phaseOf(status: string): SessionPhase {
  return phases.get(statusKey(status)) ?? 'starting';
}

/** Where a status stands in the order in which jobs pass them. */
export function rankOf(status: string): number {
  return [...phases.keys()].indexOf(statusKey(status));
}

/** Lists write `Force Stop`, and filters `FORCE_STOP`. */
export function statusKey(status: string): string {
  return status.toLowerCase().replaceAll('_', ' ');
}
