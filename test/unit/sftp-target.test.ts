import { expect, test } from 'vitest';
import {
  parseGetArguments,
  parseMoveArguments,
  parseOnePath,
  parsePathArguments,
  parsePutArguments,
  parseTarget,
} from '../../src/core/sftp/sftp-target.ts';
import { UsageError } from '../../src/errors.ts';

const uuid = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';

test.each([
  ['demo:', 'demo', ''],
  ['demo:file', 'demo', 'file'],
  ['demo:/abs/file', 'demo', '/abs/file'],
  ['demo:~/x', 'demo', '~/x'],
  ['demo:a:b', 'demo', 'a:b'],
  ['my_job.2-x:dir/', 'my_job.2-x', 'dir/'],
  [`${uuid}:x`, uuid, 'x'],
  ['7:x', '7', 'x'],
  ['abc:x', 'abc', 'x'],
  ['a job with blanks:x', 'a job with blanks', 'x'],
])('%s is in a session', (argument, session, path) => {
  expect(parseTarget(argument)).toEqual({ session, path });
});

test.each([
  'data.tar',
  'C:\\Users\\x',
  'C:/Users/x',
  'c:',
  './demo:x',
  '/demo:x',
  'dir/demo:x',
  'user@demo:x',
  ':x',
  '',
  `${'a'.repeat(129)}:x`,
])('%s is on this machine', (argument) => {
  expect(parseTarget(argument)).toBeUndefined();
});

test('put takes local files and then a session', () => {
  expect(parsePutArguments(['a', 'C:\\b', 'demo:in/'])).toEqual({
    sources: ['a', 'C:\\b'],
    target: { session: 'demo', path: 'in/' },
  });
  expect(() => parsePutArguments(['a', 'b'])).toThrow(/SESSION:PATH, not "b"/);
  expect(() => parsePutArguments(['demo:'])).toThrow(UsageError);
  expect(() => parsePutArguments(['demo:a', 'demo:b'])).toThrow(/local files/);
});

test('get takes paths of one session and then a local path', () => {
  expect(parseGetArguments(['demo:a', 'demo:b', 'out/'])).toEqual({
    session: 'demo',
    paths: ['a', 'b'],
    target: 'out/',
  });
  expect(parseGetArguments(['demo:a'])).toEqual({ session: 'demo', paths: ['a'], target: '.' });
  expect(parseGetArguments(['demo:a', 'demo:b'])).toMatchObject({ paths: ['a', 'b'], target: '.' });
  expect(() => parseGetArguments(['demo:a', 'else:b', '.'])).toThrow(/one session/);
  expect(() => parseGetArguments(['a', 'demo:b', '.'])).toThrow(UsageError);
  expect(() => parseGetArguments(['a'])).toThrow(UsageError);
});

test('paths are written with the session in front of each, or once before all', () => {
  expect(parsePathArguments(['demo'])).toEqual({ session: 'demo', paths: [''] });
  expect(parsePathArguments(['demo', 'a', 'b:c'])).toEqual({ session: 'demo', paths: ['a', 'b:c'] });
  expect(parsePathArguments(['demo:a', 'demo:'])).toEqual({ session: 'demo', paths: ['a', ''] });
  expect(() => parsePathArguments(['demo:a', 'b'])).toThrow(UsageError);
  expect(() => parsePathArguments(['demo:a', 'demo2:b'])).toThrow(UsageError);
  expect(() => parsePathArguments(['./x'])).toThrow(UsageError);
  expect(parseOnePath(['demo', 'a'], 'ls')).toEqual({ session: 'demo', path: 'a' });
  expect(() => parseOnePath(['demo', 'a', 'b'], 'ls')).toThrow(/ls takes one path/);
});

test('mv takes an old and a new path of one session', () => {
  const expected = { session: 'demo', path: 'a', newPath: 'b' };
  expect(parseMoveArguments(['demo:a', 'demo:b'])).toEqual(expected);
  expect(parseMoveArguments(['demo:a', 'b'])).toEqual(expected);
  expect(parseMoveArguments(['demo', 'a', 'b'])).toEqual(expected);
  for (const args of [
    ['demo:a'],
    ['demo', 'a'],
    ['demo:a', 'demo2:b'],
    ['demo', 'a', 'b', 'c'],
    ['demo:a', 'b', 'c'],
  ]) {
    expect(() => parseMoveArguments(args)).toThrow(UsageError);
  }
});
