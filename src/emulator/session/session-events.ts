/** Which events a change of state sends, per release. */

import type { ReleaseBehaviour } from '../model/release.ts';

const kernelEvents: Readonly<Record<string, readonly string[]>> = {
  PREPARING: ['kernel_preparing'],
  CREATING: ['kernel_creating'],
  RUNNING: ['kernel_started'],
  CANCELLED: ['kernel_cancelled'],
  TERMINATED: ['kernel_terminated'],
};

/** Before 25.13 some states had no event of their own: ERROR is only seen by asking. */
const oldSessionEvents: Readonly<Record<string, string>> = {
  PENDING: 'session_enqueued',
  SCHEDULED: 'session_scheduled',
  PREPARING: 'session_preparing',
  RUNNING: 'session_started',
  CANCELLED: 'session_cancelled',
  TERMINATING: 'session_terminating',
  TERMINATED: 'session_terminated',
};

export function transitionEvents(status: string, behaviour: ReleaseBehaviour): readonly string[] {
  const kernel = [...(kernelEvents[status] ?? [])];
  if (status === 'PREPARING' && !behaviour.atLeast('24.12')) kernel.push('kernel_creating');
  const newName = status === 'RUNNING' ? 'session_started' : `session_${status.toLowerCase()}`;
  const session = behaviour.newScheduler ? newName : oldSessionEvents[status];
  return session === undefined ? kernel : [...kernel, session];
}
