import { expect, test } from 'vitest';
import { LocalSystemError } from '../../src/errors.ts';
import { DoneRanges } from '../../src/transfer/engine/done-ranges.ts';
import type { Journal } from '../../src/transfer/engine/journal.ts';
import { JournalKeeper } from '../../src/transfer/engine/journal-keeper.ts';

test('a journal that cannot be removed hides neither the failure nor the part from being taken away', async () => {
  const journal: Journal = {
    earlier: undefined,
    isLasting: true,
    save: async () => {},
    remove: () => Promise.reject(Object.assign(new Error('EACCES'), { code: 'EACCES' })),
    [Symbol.asyncDispose]: async () => {},
  };
  const state = () => ({ source: { size: 1, modifiedMs: 0 }, part: 'x' });
  const keeper = new JournalKeeper(journal, new DoneRanges(1, 1), state);
  const denied = new LocalSystemError('cannot write x: permission denied', { code: 'local-denied' });
  let isDiscarded = false;
  const discard = async (): Promise<void> => {
    isDiscarded = true;
  };
  expect(await keeper.leave(denied, { path: 'x', discard })).toBe(denied);
  expect(isDiscarded).toBe(true);
});

test('what arrived stays where only the target is open in another program, for the next run to go on with', async () => {
  let saves = 0;
  const journal: Journal = {
    earlier: undefined,
    isLasting: true,
    save: async () => {
      saves += 1;
    },
    remove: () => Promise.reject(new Error('removed')),
    [Symbol.asyncDispose]: async () => {},
  };
  const ranges = new DoneRanges(1, 1);
  ranges.addRanges([[0, 1]]);
  const keeper = new JournalKeeper(journal, ranges, () => ({
    source: { size: 1, modifiedMs: 0 },
    part: 'x',
  }));
  const held = new LocalSystemError('x could not be replaced', { code: 'file-in-use' });
  const kept: string[] = [];
  const keep = (): void => void kept.push('kept');
  const discard = async (): Promise<void> => void kept.push('discarded');
  expect(await keeper.leave(held, { path: 'x', discard, keep })).toBe(held);
  expect([kept, saves]).toEqual([['kept'], 1]);
});
