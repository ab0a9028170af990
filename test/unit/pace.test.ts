/** The pace that `--limit` asks for. */

import { expect, test } from 'vitest';
import { byteRate } from '../../src/commands/shared/options.ts';
import { InterruptedError, UsageError } from '../../src/errors.ts';
import { Pace } from '../../src/transfer/engine/pace.ts';
import { requestBytes } from '../../src/transfer/engine/sftp-channel.ts';

const kibibyte = 1024;
const signal = new AbortController().signal;

/** What was missed in a moment may be made up for, so the first bytes of a second are free. */
async function milliseconds(pace: Pace, takes: readonly number[]): Promise<number> {
  const startedAt = performance.now();
  await Promise.all(takes.map((bytes) => pace.take(bytes)));
  await pace.take(0);
  return performance.now() - startedAt;
}

test('all who take share one pace', async () => {
  const pace = new Pace(100 * kibibyte, signal);
  const takes = Array.from({ length: 5 }, () => 10 * kibibyte);
  expect(await milliseconds(pace, takes)).toBeGreaterThanOrEqual(390);
});

test('each takes in its turn', async () => {
  const pace = new Pace(100 * kibibyte, signal);
  const order: number[] = [];
  await Promise.all([3, 1, 2].map((name) => pace.take(12 * kibibyte).then(() => order.push(name))));
  expect(order).toEqual([3, 1, 2]);
});

test('a pause is not made up for', async () => {
  let pausedMs = 0;
  const pace = new Pace(100 * kibibyte, signal, () => performance.now() + pausedMs);
  await pace.take(1);
  pausedMs = 400;
  expect(await milliseconds(pace, [20 * kibibyte, 20 * kibibyte])).toBeGreaterThanOrEqual(290);
});

test('an interruption ends the wait of everybody', async () => {
  const stop = new AbortController();
  const pace = new Pace(kibibyte, stop.signal);
  const waiting = [1, 2, 3].map(() => pace.take(100 * kibibyte));
  const ended = Promise.allSettled(waiting);
  stop.abort();
  expect((await ended).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  await expect(pace.take(1)).rejects.toThrow(InterruptedError);
});

test('pieces are a tenth of a second long, and never more than a request or less than a kibibyte', () => {
  const sizes = [kibibyte, 500 * kibibyte, 1024 ** 3].map((rate) => new Pace(rate, signal).pieceBytes);
  expect(sizes).toEqual([kibibyte, 50 * kibibyte, requestBytes]);
});

test('a stream comes out as it went in, in pieces', async () => {
  const pace = new Pace(200 * kibibyte, signal);
  const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index % 251));
  const source = async function* (): AsyncGenerator<Buffer> {
    yield bytes.subarray(0, 1);
    yield bytes.subarray(1);
  };
  const pieces: Buffer[] = [];
  for await (const piece of pace.stream(source())) pieces.push(piece);
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  expect(Math.max(...pieces.map(({ length }) => length))).toBe(pace.pieceBytes);
});

test('as many requests are in flight as keep it up', () => {
  const pace = new Pace(1024 * kibibyte, signal);
  expect([0, 50, 300].map((ms) => pace.depth(ms))).toEqual([3, 3, 6]);
});

test.each([
  ['500K', 512_000],
  ['10M', 10_485_760],
  ['1.5MiB/s', 1_572_864],
  ['1g', 1_073_741_824],
  ['2048B/s', 2048],
])('--limit %s is %d bytes a second', (text, bytes) => {
  expect(byteRate('--limit', text)).toBe(bytes);
});

test.each(['10', '0M', '1B', '10Mbit', '10MB', '-1M', '', 'M', '1e3M'])('--limit "%s" is refused', (text) => {
  expect(() => byteRate('--limit', text)).toThrow(UsageError);
});
