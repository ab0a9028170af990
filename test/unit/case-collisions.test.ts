/** Names that some disks take for one. */

import { existsSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CaseCollisions } from '../../src/transfer/get/case-collisions.ts';
import { NameFolding } from '../../src/transfer/local/name-folding.ts';
import { tempFolder } from '../support/temp-folder.ts';

const folds = { areOne: () => Promise.resolve(true) };
const tells = { areOne: () => Promise.resolve(false) };

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

test('only names that the disk takes for one are a clash, and the first stays', async () => {
  const names = new CaseCollisions({
    areOne: async (one, other) => one.toLowerCase() === other.toLowerCase(),
  });
  expect(await names.problem('stra\u00dfe')).toBeUndefined();
  expect(await names.problem('STRASSE')).toBeUndefined();
  expect(await names.problem('Strasse')).toContain('"STRASSE"');
  expect(await names.problem('strasse')).toContain('"STRASSE"');
});

const onLinux = test.skipIf(process.platform !== 'linux');

onLinux.each([true, false])('a disk of Linux tells all names apart, tried out: %j', async (mayWrite) => {
  using folder = tempFolder();
  const missing = join(folder.path, 'not', 'there');
  const names = new NameFolding(missing, { mayWrite });
  expect(await names.areOne('a', 'A')).toBe(false);
  expect(await names.areOne('\u00e9', 'e\u0301')).toBe(false);
  expect(await readdir(folder.path)).toEqual([]);
});

test('what is not to be written to is looked at: a folder that is found by another spelling of a name in it folds', async () => {
  using folder = tempFolder();
  writeFileSync(join(folder.path, 'readme'), '');
  const names = new NameFolding(folder.path, { mayWrite: false });
  const isFolding = existsSync(join(folder.path, 'README'));
  expect(await names.areOne('a', 'A')).toBe(isFolding);
});
