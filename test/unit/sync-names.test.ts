/** One file that the two sides of a sync spell in two ways, on disks that take both spellings for one name. */

import { expect, test } from 'vitest';
import { composed, foldName, otherSpelling } from '../../src/core/sftp/same-names.ts';
import { planSync, type TreeListing } from '../../src/core/sftp/sync-plan.ts';
import { clashesOf, pairNames } from '../../src/services/sftp/sftp-sync-names.ts';

const nfc = '\u00e9t\u00e9';
const nfd = 'e\u0301te\u0301';
const everything = () => true;

function listing(...paths: string[]): TreeListing {
  const entries = paths.map((path) => ({
    path: path.replace(/\/$/, ''),
    kind: path.endsWith('/') ? ('folder' as const) : ('file' as const),
    size: 1,
    modifiedAt: 50,
  }));
  return { entries, problems: [] };
}

/** Finds what it holds by every spelling that it takes for the same. */
function disk(fold: (path: string) => string, { entries }: TreeListing) {
  const held = new Set(entries.map(({ path }) => fold(path)));
  return {
    join: (folder: string, name: string) => `${folder}/${name}`,
    exists: async (path: string) => held.has(fold(path.replace('/here/', ''))),
  };
}

const ofMac = (held: TreeListing) => disk(foldName, held);
const ofLinux = (held: TreeListing) => disk((path) => path, held);

test('on a disk of macOS a name is the same whichever way its accents are written, in both directions', async () => {
  const [local, remote] = [listing(`${nfd}/`, `${nfd}/${nfd}`), listing(`${nfc}/`, `${nfc}/${nfc}`)];
  for (const direction of ['put', 'get'] as const) {
    const names = await pairNames({ root: '/here', local, remote, direction }, ofMac(local));
    expect(names.local.entries.map(({ path }) => path)).toEqual([nfc, `${nfc}/${nfc}`]);
    expect(names.there(`${nfd}/${nfd}`)).toBe(`${nfc}/${nfc}`);
    expect(names.here(`${nfc}/${nfc}`)).toBe(`${nfd}/${nfd}`);
    const sides = direction === 'put' ? ([names.local, remote] as const) : ([remote, names.local] as const);
    const plan = planSync(...sides, { accepts: everything, delete: true });
    expect(plan).toMatchObject({ unchanged: 1, copies: [], folders: [], removals: [] });
  }
});

test('what is new in such a folder goes where the folder is', async () => {
  const [local, remote] = [listing(`${nfd}/`, `${nfd}/new`), listing(`${nfc}/`)];
  const names = await pairNames({ root: '/here', local, remote, direction: 'put' }, ofMac(local));
  const plan = planSync(names.local, remote, { accepts: everything, delete: true });
  expect(plan.copies.map(({ path }) => path)).toEqual([`${nfc}/new`]);
  expect(plan.folders).toEqual([]);
});

test('what is removed here is named as it is here', async () => {
  const [local, remote] = [listing(`${nfd}/`, `${nfd}/old`), listing(`${nfc}/`)];
  const names = await pairNames({ root: '/here', local, remote, direction: 'get' }, ofMac(local));
  const { removals } = planSync(remote, names.local, { accepts: everything, delete: true });
  expect(removals.map(({ path }) => names.here(path))).toEqual([`${nfd}/old`]);
});

test('a disk that tells them apart has two files', async () => {
  const [local, remote] = [listing(nfd, 'makefile'), listing(nfc, 'Makefile')];
  for (const direction of ['put', 'get'] as const) {
    const names = await pairNames({ root: '/here', local, remote, direction }, ofLinux(local));
    expect(names.local).toEqual(local);
  }
});

test('case alone makes no difference to what is fetched, and one to what is sent', async () => {
  const [local, remote] = [listing('makefile'), listing('Makefile')];
  const got = await pairNames({ root: '/here', local, remote, direction: 'get' }, ofMac(local));
  expect(got.local.entries[0]?.path).toBe('Makefile');
  const sent = await pairNames({ root: '/here', local, remote, direction: 'put' }, ofMac(local));
  expect(sent.local.entries[0]?.path).toBe('makefile');
});

test('a name that the session has in both spellings keeps its own', async () => {
  const [local, remote] = [listing(nfd), listing(nfc, nfd)];
  const names = await pairNames({ root: '/here', local, remote, direction: 'put' }, ofMac(local));
  expect(names.there(nfd)).toBe(nfd);
});

test('of names that the disk takes for one the one that is here is kept, or else the first', async () => {
  const areOne = async (one: string, other: string) => foldName(one) === foldName(other);
  const remote = listing('Makefile', 'makefile', `${nfc}`, `${nfd}`, 'Src/', 'Src/a', 'src/', 'src/b');
  const clashes = await clashesOf(remote, listing('makefile'), { accepts: everything, areOne });
  expect([...clashes.keys()]).toEqual(['Makefile', nfd, 'src']);
  const plan = planSync(remote, listing('makefile'), { accepts: everything, delete: true, clashes });
  expect(plan.copies.map(({ path }) => path)).toEqual([nfc, 'Src/a']);
  expect(plan.failed.map(({ path, code }) => [path, code])).toEqual([
    ['Makefile', 'refused-name'],
    [nfd, 'refused-name'],
    ['src', 'refused-name'],
  ]);
  expect(plan.keeps).toBeDefined();
});

test('what is left out clashes with nothing', async () => {
  const accepts = (path: string) => path !== 'Makefile';
  const areOne = async () => true;
  const clashes = await clashesOf(listing('Makefile', 'makefile'), listing(), { accepts, areOne });
  expect(clashes.size).toBe(0);
});

test('only a name with a letter that can be written in two ways has another spelling', () => {
  expect(otherSpelling(nfc)).toBe(nfd);
  expect(otherSpelling(nfd)).toBe(nfc);
  expect(otherSpelling(`\u00e9e\u0301`)).toBe('\u00e9\u00e9');
  expect(otherSpelling('plain \u00df \u4e2d')).toBeUndefined();
  expect(composed(nfd)).toBe(nfc);
});
