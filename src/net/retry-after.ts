/** `Retry-After`, by which servers and gateways ask to be left alone for a while (RFC 9110, 10.2.3). */

import type { IncomingMessage } from 'node:http';

/** Milliseconds; nothing when the answer does not tell. A date is taken by the server's own clock when it shows it. */
export function retryAfterMs({ headers }: Pick<IncomingMessage, 'headers'>, now: Date): number | undefined {
  const text = (headers['retry-after'] ?? resetOf(headers))?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text)) return Math.min(Number(text), longestSeconds) * 1000;
  // A date of HTTP begins with its day; Node takes much else for one.
  const until = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  const theirs = Date.parse(headers.date ?? '');
  const ms = until - (Number.isNaN(theirs) ? now.getTime() : theirs);
  return Math.min(Math.max(0, ms), longestSeconds * 1000);
}

/** A manager that has counted enough calls says so without `Retry-After`: in seconds, when it counts anew. */
function resetOf(headers: IncomingMessage['headers']): string | undefined {
  const { 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset } = headers;
  return remaining === '0' && typeof reset === 'string' && /^\d+$/.test(reset) ? reset : undefined;
}

/** A year says as much as a century, and fits every timer and sum. */
const longestSeconds = 365 * 86_400;

interface RetryFacts {
  readonly hint: string;
  readonly details: Readonly<Record<string, number>>;
}

/** What an error says of the pause that an answer with this status asks for; nothing when it asks for none. */
export function retryFacts(status: number, pauseMs: number | undefined): RetryFacts | undefined {
  if (pauseMs === undefined || (status !== 429 && status !== 503)) return undefined;
  const seconds = Math.ceil(pauseMs / 1000);
  return {
    hint: `it asks to be tried again in ${seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`}`,
    details: { retryAfterSeconds: seconds },
  };
}
