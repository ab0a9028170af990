/** What is remembered of a file's pieces. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DoneRanges } from '../../src/transfer/engine/done-ranges.ts';

const pieceBytes = 10;

/** Any file, and any pieces of it in any order. */
const someFile = fc
  .record({ total: fc.integer({ min: 0, max: 500 }), order: fc.array(fc.nat(60), { maxLength: 80 }) })
  .map(({ total, order }) => ({ total, order: order.filter((index) => index * pieceBytes < total) }));

test('what is done and what is missing make the whole file, each piece once', () => {
  fc.assert(
    fc.property(someFile, ({ total, order }) => {
      const ranges = filled(total, order);
      const missing = [...ranges.missing()].reduce((sum, { length }) => sum + length, 0);
      const done = ranges.ranges().reduce((sum, [start, end]) => sum + end - start, 0);
      expect(done).toBe(ranges.doneBytes);
      expect(done + missing).toBe(total);
      expect(ranges.isComplete).toBe(missing === 0);
    }),
  );
});

test('ranges written down and read again are the same', () => {
  fc.assert(
    fc.property(someFile, ({ total, order }) => {
      const ranges = filled(total, order);
      const again = new DoneRanges(total, pieceBytes);
      again.addRanges(ranges.ranges());
      expect(again.ranges()).toEqual(ranges.ranges());
      expect(again.doneBytes).toBe(ranges.doneBytes);
    }),
  );
});

test('samples are done pieces', () => {
  fc.assert(
    fc.property(someFile, ({ total, order }) => {
      const done = new Set(order.map((index) => index * pieceBytes));
      const samples = filled(total, order).samples(4);
      expect(samples.every(({ position }) => done.has(position))).toBe(true);
      expect(samples.length).toBeLessThanOrEqual(4);
      if (done.size > 0) expect(samples.map(({ position }) => position)).toContain(Math.max(...done));
    }),
  );
});

test('a range that ends inside of a piece does not count it', () => {
  const ranges = new DoneRanges(35, pieceBytes);
  ranges.addRanges([[5, 29]]);
  expect(ranges.ranges()).toEqual([[10, 20]]);
  ranges.addRanges([[30, 35]]);
  expect(ranges.ranges()).toEqual([
    [10, 20],
    [30, 35],
  ]);
});

test('a file of 8 exabytes takes no memory', () => {
  const ranges = new DoneRanges(Number.MAX_SAFE_INTEGER, 261_120);
  expect(ranges.missing().next().value).toEqual({ position: 0, length: 261_120 });
});

function filled(total: number, order: readonly number[]): DoneRanges {
  const ranges = new DoneRanges(total, pieceBytes);
  for (const index of order) {
    const position = index * pieceBytes;
    ranges.add({ position, length: Math.min(pieceBytes, total - position) });
  }
  return ranges;
}
