/** A compute session as every provider sees it, and what its states mean to somebody who waits. */

/** A session after its reference was resolved once; `id` addresses it from then on. */
export interface SessionRef {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  /** The host name of one container of a cluster session, never `main1`: that one is the session itself. */
  readonly node?: string;
}

/** For messages. */
export function placeName({ name, node }: Pick<SessionRef, 'name' | 'node'>): string {
  return node === undefined ? `session ${name}` : `node ${node} of session ${name}`;
}

/** The container that tunnels lead to. */
export const mainNode = 'main1';

export interface SessionSummary extends SessionRef {
  readonly image: string;
  readonly type: string;
  readonly statusInfo: string;
  readonly project: string;
  readonly resourceGroup: string;
  readonly accessKey: string;
  readonly nodes: number;
  /** ISO 8601, or an empty string when the manager does not say. */
  readonly createdAt: string;
  readonly terminatedAt: string;
  /** Slot name → amount as the manager writes it, e.g. `{cpu: "2", mem: "4294967296"}`. */
  readonly resources: Readonly<Record<string, string>>;
  readonly services: readonly ServicePort[];
}

export interface SessionContainer {
  readonly id: string;
  readonly hostname: string;
  readonly role: string;
  readonly status: string;
  readonly agent: string;
}

export interface SessionDetails extends SessionSummary {
  readonly statusData: unknown;
  readonly idleChecks: unknown;
  /** Of a batch session: `SUCCESS`, `FAILURE` or `UNDEFINED`. */
  readonly result: string;
  /** Names of the virtual folders that are mounted; where they are mounted managers do not say. */
  readonly mounts: readonly string[];
  readonly containers: readonly SessionContainer[];
}

export interface ServicePort {
  readonly name: string;
  readonly protocol: string;
  readonly ports: readonly number[];
}

export interface SessionEvent {
  readonly event: string;
  readonly sessionId: string;
  readonly reason: string;
}

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

export type WaitVerdict = 'ready' | 'waiting' | 'ERROR' | 'CANCELLED' | 'TERMINATED';

/** What a state means to a client that waits for the session; an unknown word is still on its way. */
export function waitVerdict(status: string): WaitVerdict {
  switch (status) {
    case 'RUNNING':
    case 'RUNNING_DEGRADED':
      return 'ready';
    case 'ERROR':
      return 'ERROR';
    case 'CANCELLED':
      return 'CANCELLED';
    case 'TERMINATING':
    case 'TERMINATED':
      return 'TERMINATED';
    default:
      return 'waiting';
  }
}

const ended = new Set(['TERMINATED', 'CANCELLED']);

/** Whether the session still holds its name (an ERROR session does). */
export function isLive(status: string): boolean {
  return !ended.has(status);
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isSessionId(reference: string): boolean {
  return uuid.test(reference);
}

/** Enough of an id to tell sessions apart by, as lists show it. */
export function shortId(id: string): string {
  return id.slice(0, 8);
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
