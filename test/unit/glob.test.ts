import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  expandGlob,
  type GlobPlace,
  hasWildcards,
  matchesName,
  parseName,
} from '../../src/core/sftp/glob.ts';
import { computed } from '../support/until.ts';

const fits = (pattern: string, name: string): boolean => matchesName(parseName(pattern), name);

test.each([
  ['*', 'a'],
  ['*', 'a.txt'],
  ['*.txt', 'a.txt'],
  ['a*c*e', 'abcde'],
  ['a*', 'a'],
  ['?', 'x'],
  ['?', '🙂'],
  ['data-[0-9].csv', 'data-7.csv'],
  ['[!a]b', 'xb'],
  ['[^a]b', 'xb'],
  ['[]]', ']'],
  ['[!]]', 'a'],
  ['[a-]', '-'],
  ['[\\]]', ']'],
  ['\\*', '*'],
  ['a\\', 'a\\'],
  ['[', '['],
  ['a[b', 'a[b'],
  ['.*', '.bashrc'],
  ['**', 'a'],
])('%s matches %s', (pattern, name) => {
  expect(fits(pattern, name)).toBe(true);
});

test.each([
  ['*', '.hidden'],
  ['?hidden', '.hidden'],
  ['[.]hidden', '.hidden'],
  ['*.txt', 'a.txt.gz'],
  ['?', ''],
  ['?', 'ab'],
  ['[0-9]', 'a'],
  ['[!a]', 'a'],
  ['\\*', 'a'],
  ['a*c', 'ab'],
  ['A', 'a'],
])('%s does not match %s', (pattern, name) => {
  expect(fits(pattern, name)).toBe(false);
});

test('a name without wildcards, once quoted, matches itself and nothing else', () => {
  const word = fc.string({
    unit: fc.constantFrom('a', 'b', '*', '?', '[', ']', '\\', '-', '!', '.'),
    minLength: 1,
  });
  fc.assert(
    fc.property(word, word, (name, other) => {
      const quoted = name.replace(/[\\*?[\]]/g, '\\$&');
      expect(hasWildcards(quoted)).toBe(false);
      expect(fits(quoted, name)).toBe(true);
      if (other !== name) expect(fits(quoted, other)).toBe(false);
    }),
  );
});

test('a pattern of many stars is matched against a long name at once', () => {
  expect(computed(() => fits(`${'*a'.repeat(50)}b`, 'a'.repeat(4_096)))).toBe(false);
});

test.each(['a', 'a/b', 'a\\*', 'a[b', ''])('%s asks for no expansion', (pattern) => {
  expect(hasWildcards(pattern)).toBe(false);
});

test.each(['*', 'a/?', '[ab]/c', '**/x'])('%s asks for expansion', (pattern) => {
  expect(hasWildcards(pattern)).toBe(true);
});

/** Paths of files; a slash at the end makes a folder. */
function place(...paths: string[]): GlobPlace {
  const folders = new Set(['', '/']);
  const files = new Set<string>();
  for (const path of paths) {
    const names = path.replace(/\/$/, '').split('/');
    for (let end = 1; end < names.length; end += 1) folders.add(names.slice(0, end).join('/') || '/');
    (path.endsWith('/') ? folders : files).add(path.replace(/\/$/, ''));
  }
  const join = (folder: string, name: string): string =>
    folder === '' ? name : folder === '/' ? `/${name}` : `${folder}/${name}`;
  return {
    async *list(folder) {
      for (const path of [...folders, ...files]) {
        const name = path.slice(path.lastIndexOf('/') + 1);
        if (path !== '' && path !== '/' && join(folder, name) === path)
          yield { name, isFolder: folders.has(path) };
      }
    },
    exists: async (path) => folders.has(path) || files.has(path),
    isFolder: async (path) => folders.has(path),
    join,
  };
}

const sample = place(
  'a.txt',
  'b.txt',
  'c.md',
  '.d.txt',
  'x/a.txt',
  'x/y/b.txt',
  'x/.z/c.txt',
  'w/',
  '/abs/f1',
  '/abs/f2',
);

test.each([
  ['*.txt', ['a.txt', 'b.txt']],
  ['.*', ['.d.txt']],
  ['*/', ['w', 'x']],
  ['x/*', ['x/a.txt', 'x/y']],
  ['*/a.txt', ['x/a.txt']],
  ['x/y/?.txt', ['x/y/b.txt']],
  ['**/*.txt', ['a.txt', 'b.txt', 'x/a.txt', 'x/y/b.txt']],
  ['**/**/*.txt', ['a.txt', 'b.txt', 'x/a.txt', 'x/y/b.txt']],
  ['x/**', ['x/a.txt', 'x/y', 'x/y/b.txt']],
  ['x/**/b.txt', ['x/y/b.txt']],
  ['/abs/f?', ['/abs/f1', '/abs/f2']],
  ['x/.*/c.txt', ['x/.z/c.txt']],
  ['nothing*', []],
  ['nothing/*', []],
])('%s is %j', async (pattern, expected) => {
  expect(await expandGlob(pattern, sample)).toEqual(expected);
});
