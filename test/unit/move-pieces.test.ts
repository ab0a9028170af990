/** The pieces of one file when channels come and go: none is forgotten, and nobody waits for what cannot come. */

import { expect, test } from 'vitest';
import { UnreachableError } from '../../src/errors.ts';
import type { ChannelPool } from '../../src/transfer/engine/channel-pool.ts';
import { DoneRanges } from '../../src/transfer/engine/done-ranges.ts';
import { movePieces, type PieceStep } from '../../src/transfer/engine/move-pieces.ts';
import type { PooledChannel } from '../../src/transfer/engine/pooled-channel.ts';
import { requestBytes } from '../../src/transfer/engine/sftp-channel.ts';

const lost = new UnreachableError('lost', { code: 'connection-lost' });

/** As much of a channel as the pieces need. */
function laneNamed(name: string, isLost: () => boolean): PooledChannel {
  const lane = { name, load: 0, isRetired: false, isLoss: () => isLost() };
  return lane as unknown as PooledChannel;
}

test('a transfer stands still at full load: a piece comes back late from a lost channel while another is idle', async () => {
  let isCut = false;
  const doomed = laneNamed('doomed', () => isCut);
  const healthy = laneNamed('healthy', () => false);
  const pool = {
    depth: 2,
    over: undefined,
    get lanes() {
      return isCut ? [healthy] : [doomed, healthy];
    },
    lane: async () => healthy,
    moved: () => {},
    onLane(listener: (lane: PooledChannel) => void) {
      for (const lane of [doomed, healthy]) listener(lane);
      return () => {};
    },
  } as unknown as ChannelPool;
  const ranges = new DoneRanges(4 * requestBytes, requestBytes);
  const movedBy: [number, PooledChannel][] = [];
  let cut: () => void = () => {};
  const whenCut = new Promise<void>((resolve) => {
    cut = resolve;
  });
  let turns = 0;
  const move = async ({ lane, piece }: PieceStep): Promise<void> => {
    if (lane === doomed) {
      turns += 1;
      const wait = turns;
      await whenCut;
      // The first fails in this very turn, the second long after the healthy one has moved the first's piece.
      for (let turn = 10; turn < 10 * wait; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      throw lost;
    }
    movedBy.push([piece.position / requestBytes, lane]);
    await new Promise((resolve) => setImmediate(resolve));
    // The healthy one has done all it could get, and so is idle when the other is cut off.
    if (movedBy.length === 2) {
      isCut = true;
      setImmediate(() => setImmediate(cut));
    }
  };
  const open = async (): Promise<Buffer> => Buffer.from('handle');
  await movePieces({ pool, ranges, open: open as never, move, onDone: () => {} });
  expect(ranges.isComplete).toBe(true);
  expect(new Set(movedBy.map(([index]) => index))).toEqual(new Set([0, 1, 2, 3]));
});

test('a transfer stands still at full load: a channel comes when all is done', async () => {
  const lane = laneNamed('late', () => false);
  let listen: (lane: PooledChannel) => void = () => {};
  let arrive: (lane: PooledChannel) => void = () => {};
  const arrived = new Promise<PooledChannel>((resolve) => {
    arrive = resolve;
  });
  let asked = 0;
  const pool = {
    depth: 2,
    over: undefined,
    lanes: [lane],
    lane: () => {
      asked += 1;
      return arrived;
    },
    moved: () => {},
    onLane(listener: (lane: PooledChannel) => void) {
      listen = listener;
      return () => {};
    },
  } as unknown as ChannelPool;
  const ranges = new DoneRanges(2 * requestBytes, requestBytes);
  const open = async (): Promise<Buffer> => Buffer.from('handle');
  const moved = movePieces({ pool, ranges, open: open as never, move: async () => {}, onDone: () => {} });
  listen(lane);
  await moved;
  arrive(lane);
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toBe(1);
});
