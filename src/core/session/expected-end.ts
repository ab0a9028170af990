/** When a session ends by itself: what is made of a provider's word for it, and how people are told. */

import { shownTime } from '../text/shown-time.ts';
import { formatAge } from '../text/units.ts';
import type { EndReason, ExpectedEnd } from './session.ts';

/** What is left of a session that somebody should hear of before it is over. */
const soonMs = 10 * 60_000;

/** At a time in milliseconds since 1970; nothing for what is no time. */
export function expectedEnd(atMs: number, endsBecause: EndReason): ExpectedEnd | undefined {
  const date = new Date(Math.round(atMs / 1000) * 1000);
  return Number.isNaN(date.getTime()) ? undefined : { endsAt: date.toISOString(), endsBecause };
}

/** `idle 48m`, `in 2h`, and with a mark when it is near: `idle 8m !`. */
export function endCell({ endsAt, endsBecause }: Partial<ExpectedEnd>, now: number): string | undefined {
  const left = Date.parse(endsAt ?? '') - now;
  if (Number.isNaN(left)) return undefined;
  const isIdle = endsBecause === 'idle' || endsBecause === 'underuse';
  const when = left <= 0 ? 'now' : isIdle ? formatAge(left) : `in ${formatAge(left)}`;
  return `${isIdle ? 'idle ' : ''}${when}${left < soonMs ? ' !' : ''}`;
}

const conditions: Readonly<Record<EndReason, string>> = {
  idle: 'unless somebody uses it',
  underuse: 'unless its processors have more to do',
  lifetime: 'when its lifetime is over',
  'time-limit': 'when its time is over',
};

/** With the reason, for the details of a session; empty where nothing is known. */
export function endFact({ endsAt, endsBecause }: Partial<ExpectedEnd>, now: number): string {
  const left = Date.parse(endsAt ?? '') - now;
  if (endsBecause === undefined || Number.isNaN(left)) return '';
  return `${shownTime(endsAt ?? '')} (${left <= 0 ? 'now' : `in ${formatAge(left)}`}, ${conditions[endsBecause]})`;
}

interface AskedEnd extends Partial<ExpectedEnd> {
  readonly name: string;
  /** Whether it is not idle while somebody is connected. */
  readonly countsConnections: boolean;
}

/**
 * What somebody who opens a connection to it should know: it will be over soon, although they are there. That nobody is
 * connected is no reason any more once they are, where that counts.
 */
export function endWarning(
  { name, endsAt, endsBecause, countsConnections }: AskedEnd,
  now: number,
): string | undefined {
  const left = Date.parse(endsAt ?? '') - now;
  if (endsBecause === undefined || !(left < soonMs)) return undefined;
  const isIdle = endsBecause === 'idle';
  if (isIdle && countsConnections) return undefined;
  const when = left <= 0 ? 'may end at any moment' : `${isIdle ? 'may end' : 'ends'} in ${formatAge(left)}`;
  if (isIdle) return `session ${name} ${when} as an idle one: its manager may not count connections as use`;
  return `session ${name} ${when}, ${conditions[endsBecause]}`;
}
