/**
 * When a manager ends a session by itself: what its checkers have written down, every 15 seconds, as the field `idle_checks`. A report
 * is 15 seconds old at most while the checker has a reason to write one, and is forgotten after 150.
 */

import * as z from 'zod/mini';
import { expectedEnd } from '../../../core/session/expected-end.ts';
import type { EndReason, ExpectedEnd } from '../../../core/session/session.ts';

const checkSchema = z.object({
  /** Seconds, -1 when they are over; nothing where nothing was written. */
  remaining: z.optional(z.nullable(z.number())),
  /** `expire_after`: until the end; `grace_period`: until what the session does begins to count. */
  remaining_time_type: z.optional(z.nullable(z.string())),
  extra: z.optional(z.unknown()),
});

const checksSchema = z.record(z.string(), z.unknown());

const utilizationSchema = z.object({
  /** Whether each threshold has to be reached (`or`: one that is not ends the session), or any of them (`and`). */
  thresholds_check_operator: z.string(),
  /** The average so far, and the threshold. */
  resources: z.record(z.string(), z.tuple([z.number(), z.number()])),
});

/** The first end that is in sight; nothing when none is. */
export function endOfChecks(checks: unknown, now: number): ExpectedEnd | undefined {
  const parsed = checksSchema.safeParse(checks);
  if (!parsed.success) return undefined;
  const ends = Object.entries(parsed.data).flatMap(([name, check]) => {
    const end = endOfCheck(name, check, now);
    return end === undefined ? [] : [end];
  });
  return ends.sort((a, b) => Date.parse(a.endsAt) - Date.parse(b.endsAt))[0];
}

function endOfCheck(name: string, check: unknown, now: number): ExpectedEnd | undefined {
  const parsed = checkSchema.safeParse(check);
  if (!parsed.success) return undefined;
  const { remaining, remaining_time_type: kind, extra } = parsed.data;
  if (typeof remaining !== 'number') return undefined;
  const atMs = now + Math.max(0, remaining) * 1000;
  if (kind === 'expire_after') return expectedEnd(atMs, reasonOf(name));
  return kind === 'grace_period' && isUnderused(extra) ? expectedEnd(atMs, 'underuse') : undefined;
}

function reasonOf(name: string): EndReason {
  return name === 'session_lifetime' ? 'lifetime' : name === 'utilization' ? 'underuse' : 'idle';
}

/** As the checker decides it. Before it has averages there is nothing to go by. */
function isUnderused(extra: unknown): boolean {
  const parsed = utilizationSchema.safeParse(extra);
  if (!parsed.success) return false;
  const reached = Object.values(parsed.data.resources).map(([average, threshold]) => average >= threshold);
  if (reached.length === 0) return false;
  return parsed.data.thresholds_check_operator === 'or' ? reached.includes(false) : !reached.includes(true);
}
