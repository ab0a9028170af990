/** Names that some disks take for one. */

import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { CaseCollisions, NameFolding } from '../../src/transfer/get/case-collisions.ts';
import { tempFolder } from '../support/temp-folder.ts';

const folds = { isFolding: () => Promise.resolve(true) };
const tells = { isFolding: () => Promise.resolve(false) };

async function problems(names: readonly string[], folding: typeof folds): Promise<boolean[]> {
  const twins = new CaseCollisions(folding);
  const found: boolean[] = [];
  for (const name of names) found.push((await twins.problem(name)) !== undefined);
  return found;
}

const twins: readonly (readonly [string, string])[] = [
  ['Makefile', 'makefile'],
  ['\u00e9t\u00e9', 'e\u0301te\u0301'],
  ['STRASSE', 'stra\u00dfe'],
  ['\u212a', 'k'],
];

test.each(twins)(
  '%j and %j are one name on a disk that folds, and two on one that does not',
  async (a, b) => {
    expect(await problems([a, b], folds)).toEqual([false, true]);
    expect(await problems([a, b], tells)).toEqual([false, false]);
  },
);

test('one name listed twice is refused on every disk', async () => {
  expect(await problems(['x', 'y', 'x'], tells)).toEqual([false, false, true]);
});

test('names that only resemble each other are left alone', async () => {
  expect(await problems(['a', 'b', 'a b', 'a-b'], folds)).toEqual([false, false, false, false]);
});

test('the disk is asked, and what was tried out on it is taken away', async () => {
  using folder = tempFolder();
  const isFolding = await new NameFolding(folder.path).isFolding();
  expect(await readdir(folder.path)).toEqual([]);
  if (process.platform === 'linux') expect(isFolding).toBe(false);
});
