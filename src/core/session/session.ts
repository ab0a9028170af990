/** A session as every provider tells of it; what a provider knows beyond that, its own types add. */

/** A session after its reference was resolved once; `id` addresses it from then on. */
export interface SessionRef {
  readonly id: string;
  readonly name: string;
  /** The provider's own word; `Provider.phaseOf` says what it means. */
  readonly status: string;
  /** The host name of one container of a cluster session, never the main one: that one is the session itself. */
  readonly node?: string;
}

/** For messages. */
export function placeName({ name, node }: Pick<SessionRef, 'name' | 'node'>): string {
  return node === undefined ? `session ${name}` : `node ${node} of session ${name}`;
}

export interface SessionSummary extends SessionRef, Partial<ExpectedEnd> {
  /** ISO 8601, or an empty string when the provider does not say. */
  readonly createdAt: string;
}

/** When a session ends by itself, if nothing changes. Left out where the provider does not say, or nothing ends it. */
export interface ExpectedEnd {
  /** ISO 8601. */
  readonly endsAt: string;
  readonly endsBecause: EndReason;
}

/**
 * `idle`: nobody is connected to it; `underuse`: its processors do too little; `lifetime`: sessions of the account may last no
 * longer; `time-limit`: it was started for so long.
 */
export type EndReason = 'idle' | 'underuse' | 'lifetime' | 'time-limit';

export interface SessionDetails extends SessionSummary {
  /** What the provider says of its state; may be empty. */
  readonly statusInfo: string;
  /** Names of folders that outlive the session and are mounted in its home; nothing when the provider does not tell. */
  readonly mounts?: readonly string[];
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

/** Enough of an id to tell sessions apart by, as lists show it. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
