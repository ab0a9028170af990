/** States, ids and names of a manager's sessions. */

import type { SessionPhase } from '../../../core/session/provider.ts';

/** What managers call the account of a session. */
export const account = 'work';

/** The container that tunnels lead to. */
export const mainNode = 'main1';

/** Every state a manager of any release knows, in the order in which a session passes them. */
export const statusWords = [
  'PENDING',
  'SCHEDULED',
  'DEPRIORITIZING',
  'RESERVED',
  'PREEMPTED',
  'RESCHEDULING',
  'PULLING',
  'PREPARING',
  'PREPARED',
  'CREATING',
  'RUNNING',
  'RUNNING_DEGRADED',
  'RESTARTING',
  'TERMINATING',
  'TERMINATED',
  'ERROR',
  'CANCELLED',
] as const;

export function phaseOf(status: string): SessionPhase {
  switch (status) {
    case 'RUNNING':
    case 'RUNNING_DEGRADED':
      return 'ready';
    case 'ERROR':
      return 'failed';
    case 'CANCELLED':
      return 'cancelled';
    case 'TERMINATING':
      return 'ending';
    case 'TERMINATED':
      return 'ended';
    default:
      return 'starting';
  }
}

/** An ERROR session does. */
export function holdsName(status: string): boolean {
  return !['ended', 'cancelled'].includes(phaseOf(status));
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isSessionId(reference: string): boolean {
  return uuid.test(reference);
}

/** Whether the text can be the beginning of an id. */
export function isIdPrefix(text: string): boolean {
  return /^[0-9a-f]{4,8}(-[0-9a-f-]{0,27})?$/i.test(text) && text.length < 36;
}

/**
 * Why a name cannot be a session name, or nothing. Managers from 26.3 no longer check; others refuse,
 * and a name with other characters cannot be addressed by every release.
 */
export function sessionNameProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{2,62})[A-Za-z0-9_]$/.test(name)) {
    return 'use 4 to 64 letters, digits, "_", "-" or "."; the first and the last one a letter, a digit or "_"';
  }
  return name === 'from-template' ? 'this name is reserved' : undefined;
}
