/** What a job's status means to somebody who wants to get in. */

export type JobPhase = 'starting' | 'ready' | 'suspended' | 'ending' | 'ended' | 'failed';

/**
 * As they were seen live, in this order: Pending, Waiting for Queue, Queued, Started, Validated, Executing. The vendor's
 * programs know the others. A word that none of them knows is on its way.
 */
const phases: ReadonlyMap<string, JobPhase> = new Map([
  ['pending', 'starting'],
  ['waiting for cluster', 'starting'],
  ['waiting for queue', 'starting'],
  ['queued', 'starting'],
  ['started', 'starting'],
  ['validated', 'starting'],
  ['executing', 'ready'],
  ['suspending', 'suspended'],
  ['suspended', 'suspended'],
  ['stopping', 'ending'],
  ['force stop', 'ending'],
  ['completed', 'ended'],
  ['stopped', 'ended'],
  ['force stopped', 'ended'],
  ['terminated', 'ended'],
  ['failed', 'failed'],
]);

/** What a job is called that was saved and not submitted: the platform has no status for it. */
export const savedStatus = 'Saved';

/** By the status alone: whether a job that executes has machines to log in to is not in it. */
export function phaseOf(status: string): JobPhase {
  if (status === savedStatus) return 'suspended';
  return phases.get(keyOf(status)) ?? 'starting';
}

/** Where a status stands in the order in which jobs pass them. */
export function rankOf(status: string): number {
  return [...phases.keys()].indexOf(keyOf(status));
}

/** Lists write `Force Stop`, and filters `FORCE_STOP`. */
function keyOf(status: string): string {
  return status.toLowerCase().replaceAll('_', ' ');
}
