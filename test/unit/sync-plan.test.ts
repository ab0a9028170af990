import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pathFilter } from '../../src/core/sftp/path-filter.ts';
import {
  planSync,
  type SyncPlan,
  type SyncRules,
  type TreeEntry,
  type TreeListing,
} from '../../src/core/sftp/sync-plan.ts';

/** `a/` is a folder, `a@` a link, `a!` a socket, `a` a file; `a=3:70` has 3 bytes and is of second 70. */
function listing(...texts: string[]): TreeListing {
  return { entries: texts.map(entry), problems: [] };
}

function entry(text: string): TreeEntry {
  const [, path = '', mark = '', size = '1', time = '50'] =
    /^(.*?)([/@!]?)(?:=(\d+):(\d+))?$/.exec(text) ?? [];
  const kinds = { '/': 'folder', '@': 'link', '!': 'other', '': 'file' } as const;
  const kind = mark === '/' || mark === '@' || mark === '!' ? kinds[mark] : kinds[''];
  return { path, kind, size: Number(size), modifiedAt: Number(time) };
}

const everything: SyncRules = { accepts: () => true, delete: true };
const paths = (items: readonly { readonly path: string }[]): string[] => items.map(({ path }) => path);
const cannot = { problems: [{ path: 'x', reason: 'permission denied', code: 'denied' }] };

test('what is new or differs in size or time is copied, the rest is not', () => {
  const plan = planSync(
    listing('new', 'same', 'longer=2:50', 'later=1:52'),
    listing('same', 'longer', 'later'),
    everything,
  );
  expect(plan.copies).toEqual([
    { path: 'new', bytes: 1, reason: 'new' },
    { path: 'longer', bytes: 2, reason: 'size' },
    { path: 'later', bytes: 1, reason: 'time' },
  ]);
  expect(plan).toMatchObject({ unchanged: 1, removals: [], failed: [] });
});

test('an older file of the source replaces a newer one too: the target becomes like the source', () => {
  expect(paths(planSync(listing('a=1:40'), listing('a=1:60'), everything).copies)).toEqual(['a']);
});

test('missing folders are made, empty ones too', () => {
  expect(planSync(listing('a/', 'a/b/', 'c/'), listing('c/'), everything).folders).toEqual(['a', 'a/b']);
});

test('nothing is removed unless it is asked for', () => {
  expect(planSync(listing(), listing('a'), { ...everything, delete: false }).removals).toEqual([]);
});

test('what is in a folder is removed before the folder', () => {
  const target = listing('gone/', 'gone/a', 'gone/sub/', 'gone/sub/b', 'link@', 'kept');
  expect(planSync(listing('kept'), target, everything).removals).toEqual([
    { path: 'link', isFolder: false },
    { path: 'gone/sub/b', isFolder: false },
    { path: 'gone/sub', isFolder: true },
    { path: 'gone/a', isFolder: false },
    { path: 'gone', isFolder: true },
  ]);
});

test('what is left out by a rule is neither copied nor removed, nor are the folders it is in', () => {
  const accepts = pathFilter([
    { action: 'exclude', pattern: '*.log' },
    { action: 'exclude', pattern: 'cache/' },
  ]);
  const target = listing('old/', 'old/a', 'old/b.log', 'cache/', 'cache/c', 'd');
  const plan = planSync(listing('e.log', 'f'), target, { accepts, delete: true });
  expect(paths(plan.copies)).toEqual(['f']);
  expect(paths(plan.removals)).toEqual(['d', 'old/a']);
});

test.each([
  ['source', { ...listing('a'), ...cannot }, listing('b')],
  ['target', listing('a'), { ...listing('b'), ...cannot }],
])('when the %s could not be listed whole, nothing is removed', (side, source, target) => {
  const plan = planSync(source, target, everything);
  expect(plan.removals).toEqual([]);
  expect(plan.keeps).toContain(side);
});

test('what could not be listed of the source is among the failures', () => {
  expect(planSync({ ...listing(), ...cannot }, listing(), everything).failed).toEqual(cannot.problems);
});

test.each([
  ['a/', 'a', 'not-a-folder'],
  ['a', 'a/', 'is-folder'],
  ['a', 'a@', 'leads-outside'],
  ['a/', 'a@', 'leads-outside'],
  ['a', 'a!', 'not-a-file'],
])('%s does not replace %s, and then nothing is removed', (source, target, code) => {
  const plan = planSync(listing(source), listing(target, 'other'), everything);
  expect(plan).toMatchObject({ copies: [], folders: [], removals: [], failed: [{ path: 'a', code }] });
});

test('nothing is copied into what is not a folder in the target', () => {
  expect(planSync(listing('a/', 'a/b', 'a/c/', 'a/c/d'), listing('a@'), everything)).toMatchObject({
    copies: [],
    folders: [],
    failed: [{ path: 'a' }],
  });
});

test('links of the source are left out, and their like in the target stays', () => {
  const plan = planSync(listing('l@'), listing('l@', 'gone'), everything);
  expect(plan).toMatchObject({ skipped: [{ code: 'link' }], failed: [] });
  expect(paths(plan.removals)).toEqual(['gone']);
});

test('a special file of the source cannot be copied, and then nothing is removed', () => {
  const plan = planSync(listing('s!', 'new'), listing('s!', 'gone'), everything);
  expect(plan).toMatchObject({ failed: [{ path: 's', code: 'special-file' }], skipped: [], removals: [] });
  expect(paths(plan.copies)).toEqual(['new']);
});

test('a name that differs in case or Unicode form only is never removed: it may be the new file itself', () => {
  const plan = planSync(listing('Name', 'e\u0301'), listing('name', '\u00e9'), everything);
  expect(paths(plan.copies)).toEqual(['Name', 'e\u0301']);
  expect(plan.removals).toEqual([]);
});

/** A tree as paths, `/` at the end of folders, each folder before what is in it. */
const trees = fc
  .array(fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }), { maxLength: 12 })
  .map((files) => {
    const folders = new Set<string>();
    for (const names of files)
      for (let end = 1; end < names.length; end += 1) folders.add(names.slice(0, end).join('/'));
    const kept = [...new Set(files.map((names) => names.join('/')))].filter((path) => !folders.has(path));
    return listing(...[...folders].sort().map((path) => `${path}/`), ...kept);
  });

test('after the plan the target is the source, whatever both were, unless something is in the way', () => {
  fc.assert(
    fc.property(trees, trees, (source, target) => {
      const plan = planSync(source, target, everything);
      if (plan.failed.length > 0) {
        expect(plan.removals).toEqual([]);
        return;
      }
      expect(apply(plan, target)).toEqual(new Set(paths(source.entries)));
    }),
  );
});

test('no plan removes what a filter leaves out, or anything above it', () => {
  fc.assert(
    fc.property(trees, trees, fc.constantFrom('a', 'b', '/c', 'a/b', 'd/'), (source, target, pattern) => {
      const accepts = pathFilter([{ action: 'exclude', pattern }]);
      const gone = new Set(paths(planSync(source, target, { accepts, delete: true }).removals));
      for (const { path, kind } of target.entries) {
        if (accepts(path, kind === 'folder')) continue;
        const names = path.split('/');
        for (let end = 1; end <= names.length; end += 1)
          expect(gone).not.toContain(names.slice(0, end).join('/'));
      }
    }),
  );
});

/** Removing a folder that is not empty fails, as it does in earnest. */
function apply(plan: SyncPlan, target: TreeListing): Set<string> {
  const there = new Set(paths(target.entries));
  for (const path of [...plan.folders, ...paths(plan.copies)]) there.add(path);
  for (const { path } of plan.removals) {
    expect([...there].filter((other) => other.startsWith(`${path}/`))).toEqual([]);
    there.delete(path);
  }
  return there;
}
