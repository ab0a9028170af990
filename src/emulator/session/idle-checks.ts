/** What a manager's checkers report of a session, and what they make of it. */

/** As `idle_checks` of GraphQL and `idleChecks` of REST have it, by the name of the checker. */
export type IdleReports = Readonly<Record<string, IdleReport>>;

interface IdleReport {
  /** Seconds, -1 when they are over; nothing where the checker has no limit or has not looked yet. */
  readonly remaining: number | null;
  readonly remaining_time_type: 'expire_after' | 'grace_period';
  readonly extra: unknown;
}

interface Reported {
  readonly createdAt: Date;
  readonly isLive: boolean;
  /** What other checkers than that of the lifetime say. */
  readonly otherChecks: IdleReports;
}

/** The one of the lifetime is always there; 0 seconds is no limit. */
export function idleReports(session: Reported, lifetimeSeconds: number): IdleReports {
  const left = lifetimeSeconds - (Date.now() - session.createdAt.getTime()) / 1000;
  const remaining = lifetimeSeconds === 0 || !session.isLive ? null : left > 0 ? left : -1;
  return {
    session_lifetime: { remaining, remaining_time_type: 'expire_after', extra: null },
    ...session.otherChecks,
  };
}
