import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type EditorName,
  editors,
  openPath,
  openTargets,
  sftpUrl,
} from '../../src/core/desktop/open-target.ts';

const place = { host: 'demo.bai', user: 'work', path: '/home/work' };
const names = openTargets.filter((name): name is EditorName => name !== 'sftp');

test.each([
  ['vscode', 'vscode://vscode-remote/ssh-remote+demo.bai/home/work'],
  ['code-insiders', 'vscode-insiders://vscode-remote/ssh-remote+demo.bai/home/work'],
  ['vscodium', 'vscodium://vscode-remote/ssh-remote+demo.bai/home/work'],
  ['cursor', 'cursor://vscode-remote/ssh-remote+demo.bai/home/work'],
  ['windsurf', 'windsurf://vscode-remote/ssh-remote+demo.bai/home/work'],
  ['zed', 'zed://ssh/demo.bai/home/work'],
  [
    'jetbrains',
    'jetbrains-gateway://connect#type=ssh&deploy=false&host=demo.bai&port=22&user=work&projectPath=%2Fhome%2Fwork',
  ],
] as const)('the URL for %s', (name, url) => {
  expect(editors[name].url(place)).toBe(url);
});

test.each([
  ['vscode', [['code', '--folder-uri', 'vscode-remote://ssh-remote+demo.bai/home/work/a%20b']]],
  ['cursor', [['cursor', '--folder-uri', 'vscode-remote://ssh-remote+demo.bai/home/work/a%20b']]],
  ['zed', ['zeditor', 'zedit', 'zed'].map((program) => [program, 'ssh://demo.bai/home/work/a%20b'])],
  ['jetbrains', []],
] as const)('the command line of %s', (name, expected) => {
  const commands = editors[name].commands({ ...place, path: '/home/work/a b' });
  expect(commands.map(({ program, args }) => [program, ...args])).toEqual(expected);
});

test('the URL for programs that move files has account, port and path', () => {
  expect(sftpUrl({ ...place, host: '127.0.0.1' }, 12_000)).toBe('sftp://work@127.0.0.1:12000/home/work');
});

const hostile = [
  ['a space', '/a b', '/a%20b'],
  ['a hash', '/a#b', '/a%23b'],
  ['a question mark', '/a?b', '/a%3Fb'],
  ['a percent sign', '/100%/%41', '/100%25/%2541'],
  ['letters of no ASCII', '/höhe/日本', '/h%C3%B6he/%E6%97%A5%E6%9C%AC'],
  ['an emoji', '/😀', '/%F0%9F%98%80'],
  ['an ampersand', '/a&user=root', '/a%26user%3Droot'],
  ['shell characters', '/$(x)`;\'"!*', '/%24%28x%29%60%3B%27%22%21%2A'],
  ['a backslash', '/a\\b', '/a%5Cb'],
  ['an at and a colon', '/u@h:1', '/u%40h%3A1'],
  ['a plus', '/a+b', '/a%2Bb'],
] as const;

test.each(hostile)('%s in a path is encoded', (_, path, encoded) => {
  expect(editors.vscode.url({ ...place, path })).toBe(`vscode://vscode-remote/ssh-remote+demo.bai${encoded}`);
  expect(editors.zed.url({ ...place, path })).toBe(`zed://ssh/demo.bai${encoded}`);
  expect(sftpUrl({ ...place, path }, 22)).toBe(`sftp://work@demo.bai:22${encoded}`);
  const fragment = editors.jetbrains.url({ ...place, path }).split('#')[1];
  expect(new URLSearchParams(fragment).get('projectPath')).toBe(path);
});

/** Without lone surrogates, which no URL carries. */
const written = fc.string({ unit: 'binary' }).filter((text) => !/\p{Cc}|\p{Cs}/u.test(text));

describe.each(names)('%s', (name) => {
  test('whatever the folder is called, a URL parser gives its path back and sees no other host', () => {
    fc.assert(
      fc.property(written, (text) => {
        const path = openPath(text, '/home/work');
        const url = new URL(editors[name].url({ ...place, path }));
        const given = new URLSearchParams(url.hash.slice(1));
        const decoded = name === 'jetbrains' ? given.get('projectPath') : decodeURIComponent(url.pathname);
        const before = { jetbrains: '', zed: '/demo.bai' };
        const prefix = Object.entries(before).find(([key]) => key === name)?.[1] ?? '/ssh-remote+demo.bai';
        expect(decoded).toBe(path === '/' && name !== 'jetbrains' ? `${prefix}/` : `${prefix}${path}`);
        expect([url.search, name === 'jetbrains' ? given.getAll('host') : url.hash]).toEqual([
          '',
          name === 'jetbrains' ? ['demo.bai'] : '',
        ]);
      }),
    );
  });

  test('no character of a command line or a URL means anything to a shell of any system', () => {
    fc.assert(
      fc.property(written, (text) => {
        const at = { ...place, path: openPath(text, '/home/work') };
        const words = editors[name].commands(at).flatMap(({ args }) => args);
        for (const word of [...words, editors[name].url(at)]) expect(word).toMatch(/^[\w:/+.~%#&=-]+$/);
      }),
    );
  });
});

test('whatever account and folder are called, the URL for files gives both back and has no password', () => {
  fc.assert(
    fc.property(written, written, (user, text) => {
      const path = openPath(text, '/home/work');
      const url = new URL(sftpUrl({ host: '127.0.0.1', user, path }, 12_000));
      expect(decodeURIComponent(url.username)).toBe(user);
      expect(decodeURIComponent(url.pathname)).toBe(path);
      expect([url.password, url.host, url.search, url.hash]).toEqual(['', '127.0.0.1:12000', '', '']);
    }),
  );
});

test.each([
  ['', '/home/work'],
  ['.', '/home/work'],
  ['~', '/home/work'],
  ['~/src', '/home/work/src'],
  ['src/', '/home/work/src'],
  ['./~', '/home/work/~'],
  ['a//b/./c/..', '/home/work/a/b'],
  ['..', '/home'],
  ['../../../..', '/'],
  ['/', '/'],
  ['//data/x/', '/data/x'],
  ['-oProxyCommand=x', '/home/work/-oProxyCommand=x'],
  ['http://x', '/home/work/http:/x'],
])('the path %j is %j', (given, path) => {
  expect(openPath(given, '/home/work')).toBe(path);
});

test.each(['a\nb', 'a\0', '\u001b[31m', 'a\u0085', '\ud800'])('the path %j is refused', (path) => {
  expect(() => openPath(path, '/home/work')).toThrow(/control character/);
});
