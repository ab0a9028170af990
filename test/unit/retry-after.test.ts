import { expect, test } from 'vitest';
import { retryAfterMs } from '../../src/net/retry-after.ts';

const now = new Date('2026-01-01T12:00:00Z');
const read = (text: string | undefined, date?: string): number | undefined =>
  retryAfterMs(
    { headers: { ...(text !== undefined && { 'retry-after': text }), ...(date && { date }) } },
    now,
  );

test.each([
  ['120', 120_000],
  ['0', 0],
  [' 7 ', 7_000],
  ['Thu, 01 Jan 2026 12:01:30 GMT', 90_000],
  ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
  ['99999999999999999999', 365 * 86_400_000],
  ['Fri, 31 Dec 9999 23:59:59 GMT', 365 * 86_400_000],
])('%j is %d ms', (text, ms) => {
  expect(read(text)).toBe(ms);
});

test.each([undefined, '', 'soon', '-5', '1.5', '1e3'])('%j asks for nothing', (text) => {
  expect(read(text)).toBeUndefined();
});

test('a date is read by the server’s clock, not by one that is off', () => {
  expect(read('Thu, 01 Jan 2026 13:00:20 GMT', 'Thu, 01 Jan 2026 13:00:00 GMT')).toBe(20_000);
});

test('a manager that has counted enough calls tells when it counts anew, without Retry-After', () => {
  const counted = (remaining: string, reset: string): number | undefined =>
    retryAfterMs({ headers: { 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset } }, now);
  expect(counted('0', '773')).toBe(773_000);
  expect(counted('1', '773')).toBeUndefined();
  expect(counted('0', 'soon')).toBeUndefined();
});
