import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  entryNameProblem,
  joinRemote,
  meansFolder,
  remoteAncestors,
  remoteFolder,
  remoteName,
  remotePath,
} from '../../src/core/sftp/remote-path.ts';

test.each([
  ['', '.'],
  ['~', '.'],
  ['~/', '.'],
  ['~//', '.'],
  ['~/x', 'x'],
  ['~//x/', 'x'],
  ['~x', '~x'],
  ['x/', 'x'],
  ['x//', 'x'],
  ['/', '/'],
  ['//', '/'],
  ['/abs/', '/abs'],
  ['a/~', 'a/~'],
])('"%s" is "%s" to the server', (written, path) => {
  expect(remotePath(written)).toBe(path);
});

test.each([
  ['a/b', 'b', 'a'],
  ['a/b/', 'b', 'a'],
  ['b', 'b', '.'],
  ['/b', 'b', '/'],
  ['/a/b', 'b', '/a'],
  ['.', undefined, '.'],
  ['..', undefined, '.'],
  ['a/..', undefined, 'a'],
  ['a/.', undefined, 'a'],
  ['/', undefined, '/'],
  ['~', undefined, '.'],
])('%s is called %s, in %s', (path, name, folder) => {
  expect(remoteName(path)).toBe(name);
  expect(remoteFolder(path)).toBe(folder);
});

test('a joined path is that name in that folder, and never another spelling of the home', () => {
  const name = fc.string({ minLength: 1 }).filter((text) => entryNameProblem(text, false) === undefined);
  fc.assert(
    fc.property(fc.constantFrom('.', '/', 'a', 'a/b', '/a'), name, (folder, entry) => {
      const path = joinRemote(folder, entry);
      expect(remotePath(path)).toBe(path);
      expect(remoteName(path)).toBe(entry);
      expect(remoteFolder(path)).toBe(folder);
    }),
  );
});

test('the folders above a path come before it', () => {
  expect(remoteAncestors('a/b/c')).toEqual(['a', 'a/b', 'a/b/c']);
  expect(remoteAncestors('/a//b/.')).toEqual(['/a', '/a/b']);
  expect(remoteAncestors('.')).toEqual([]);
});

test('an empty path and a slash at the end mean a folder', () => {
  expect(['', '/', 'a/', 'a', '.'].map(meansFolder)).toEqual([true, true, true, false, false]);
});

test.each([
  'CON',
  'nul.txt',
  'com1',
  'LPT9.log',
  'aux .c',
  'COM\u00b9',
  'CONIN$',
  'a:b',
  'a.',
  'a ',
  'x?',
  'a|b',
  '"',
])('the name %s is refused on Windows only', (name) => {
  expect(entryNameProblem(name, true)).toBeDefined();
  expect(entryNameProblem(name, false)).toBeUndefined();
});

test.each(['console', 'null', 'com10', 'lpt', 'a.b.c', 'CON-x', ' a', '.a', '한글'])(
  'the name %s is fine everywhere',
  (name) => {
    expect(entryNameProblem(name, true)).toBeUndefined();
    expect(entryNameProblem(name, false)).toBeUndefined();
  },
);

test('no name with a separator, a NUL or only dots passes', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.constantFrom('/', '\\', '\0', '\n', '\u001b', '\u009b'),
      fc.string(),
      (a, bad, b) => {
        expect(entryNameProblem(a + bad + b, false)).toBeDefined();
      },
    ),
  );
  for (const name of ['', '.', '..']) expect(entryNameProblem(name, false)).toBeDefined();
});
