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
  /** When somebody was connected last; nothing while somebody is. */
  readonly usedAt: Date | undefined;
  /** What other checkers than that of the lifetime say. */
  readonly otherChecks: IdleReports;
}

interface Limits {
  readonly lifetimeSeconds: number;
  readonly idleSeconds: number;
}

/** The one of the lifetime is always there; 0 seconds is no limit. */
export function idleReports(session: Reported, { lifetimeSeconds, idleSeconds }: Limits): IdleReports {
  const { createdAt, isLive, usedAt, otherChecks } = session;
  const lifetime = lifetimeSeconds === 0 || !isLive ? null : leftOf(lifetimeSeconds, createdAt);
  const idle = idleSeconds === 0 || !isLive || usedAt === undefined ? undefined : leftOf(idleSeconds, usedAt);
  return {
    session_lifetime: { remaining: lifetime, remaining_time_type: 'expire_after', extra: null },
    ...(idle !== undefined && {
      network_timeout: { remaining: idle, remaining_time_type: 'expire_after', extra: null },
    }),
    ...otherChecks,
  };
}

function leftOf(seconds: number, since: Date): number {
  const left = seconds - (Date.now() - since.getTime()) / 1000;
  return left > 0 ? left : -1;
}
