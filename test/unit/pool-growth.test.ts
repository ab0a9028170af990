/** When a run takes more channels and connections. */

import { expect, test } from 'vitest';
import {
  channelCount,
  channelDepth,
  type GrowthView,
  PoolGrowth,
} from '../../src/transfer/engine/pool-growth.ts';

const much = 1024 * 1024 * 1024;

interface Line {
  readonly roundTripMs: number;
  readonly direction?: 'put' | 'get';
  readonly pendingBytes?: number;
  /** A number of connections that was found to be good. */
  readonly measured?: number;
  /** Bytes per millisecond with so many connections. */
  readonly rate: (connections: number) => number;
}

/** The steps of a run of a minute over such a line. */
function steps({ roundTripMs, direction = 'put', pendingBytes = much, measured, rate }: Line): string[] {
  const growth = new PoolGrowth(measured);
  const taken: string[] = [];
  let movedBytes = 0;
  let connections = 1;
  for (let now = 0; now < 60_000; now += 10) {
    movedBytes += 10 * rate(connections);
    const view: GrowthView = { direction, roundTripMs, connections, pendingBytes, movedBytes, now };
    const step = growth.next(view);
    if (step === 'nothing') continue;
    taken.push(step);
    if (step === 'connection') connections += 1;
    growth.finished();
  }
  return taken;
}

test('a short line keeps its one channel', () => {
  expect(channelCount(0.3)).toBe(1);
  expect(channelDepth(0.3, 'put')).toBe(16);
  expect(steps({ roundTripMs: 0.3, pendingBytes: 64_000_000, rate: () => 200_000 })).toEqual([]);
});

test('a long line gets channels at once, and connections as long as each brings much', () => {
  const taken = steps({ roundTripMs: 150, rate: (connections) => 10_000 * connections });
  expect(taken).toEqual(['channels', 'connection', 'connection', 'connection']);
});

test('a line too long for the channels of one connection gets a second one without waiting for a measurement', () => {
  const growth = new PoolGrowth();
  const view = { direction: 'put', roundTripMs: 150, connections: 1, movedBytes: 0, now: 0 } as const;
  expect(growth.next({ ...view, pendingBytes: much })).toBe('channels');
  expect(growth.next({ ...view, pendingBytes: much })).toBe('connection');
  expect(growth.next({ ...view, pendingBytes: much })).toBe('nothing');
  const small = new PoolGrowth();
  expect(small.next({ ...view, pendingBytes: 8_000_000 })).toBe('channels');
  expect(small.next({ ...view, pendingBytes: 8_000_000 })).toBe('nothing');
});

test('after the last connection was lost the new one gets its channels too', () => {
  const growth = new PoolGrowth();
  const view = { direction: 'put', roundTripMs: 50, connections: 1, movedBytes: 0, now: 0 } as const;
  expect(growth.next({ ...view, pendingBytes: much })).toBe('channels');
  growth.restart();
  expect(growth.next({ ...view, pendingBytes: much })).toBe('channels');
});

test('a connection that brings nothing is the last', () => {
  expect(steps({ roundTripMs: 50, rate: () => 10_000 })).toEqual(['channels', 'connection']);
});

test('a connection that makes it slower is used no more', () => {
  const taken = steps({ roundTripMs: 0.3, rate: (connections) => 10_000 / connections });
  expect(taken).toEqual(['connection', 'retire']);
});

test('a little file opens nothing', () => {
  expect(steps({ roundTripMs: 150, pendingBytes: 100_000, rate: () => 1 })).toEqual([]);
});

test('get fills a long line over one channel', () => {
  expect(channelDepth(50, 'get') * 261_120).toBeGreaterThan(0.05 * 125_000_000);
  expect(steps({ roundTripMs: 50, direction: 'get', rate: () => 10_000 })).toEqual(['connection']);
});

test('where it was measured how many connections are good, none has to be earned and none is tried', () => {
  const rate = () => 10_000;
  expect(steps({ roundTripMs: 0.3, measured: 8, rate })).toEqual(Array(7).fill('connection'));
  expect(steps({ roundTripMs: 50, measured: 2, rate })).toEqual(['channels', 'connection']);
  expect(steps({ roundTripMs: 0.3, measured: 1, rate })).toEqual([]);
});

test('a small job opens fewer connections than were found to be good', () => {
  expect(steps({ roundTripMs: 0.3, measured: 8, pendingBytes: 1_000_000, rate: () => 1 })).toEqual([]);
  const taken = steps({ roundTripMs: 0.3, measured: 8, pendingBytes: 40_000_000, rate: () => 1 });
  expect(taken).toEqual(['connection', 'connection']);
});
