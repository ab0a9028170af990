import { expect, test } from 'vitest';
import { type PathRule, pathFilter } from '../../src/core/sftp/path-filter.ts';
import { UsageError } from '../../src/errors.ts';

/** `+` includes, `-` excludes. */
function rules(...texts: string[]): PathRule[] {
  return texts.map((text) => ({
    action: text.startsWith('+') ? 'include' : 'exclude',
    pattern: text.slice(1),
  }));
}

test.each<[string[], string, boolean]>([
  [[], 'anything', true],
  [['-*.o'], 'main.o', false],
  [['-*.o'], 'src/main.o', false],
  [['-*.o'], 'src/main.c', true],
  [['-*'], '.hidden', false],
  [['-/build'], 'build', false],
  [['-/build'], 'src/build', true],
  [['-a/b'], 'x/a/b', false],
  [['-a/b'], 'a/x/b', true],
  [['-a/**/b'], 'a/x/y/b', false],
  [['-a/**/b'], 'a/b', false],
  [['-/a/**'], 'a', true],
  [['-/a/**'], 'a/x/y', false],
  [['-logs/'], 'logs', true],
  [['+keep.o', '-*.o'], 'keep.o', true],
  [['+keep.o', '-*.o'], 'other.o', false],
  [['-*.o', '+keep.o'], 'keep.o', false],
  [['+*.py', '-*'], 'a.py', true],
  [['+*.py', '-*'], 'a.txt', false],
])('with %j the file %s takes part: %j', (texts, path, expected) => {
  expect(pathFilter(rules(...texts))(path, false)).toBe(expected);
});

test('a slash at the end of a pattern restricts it to folders', () => {
  const accepts = pathFilter(rules('-logs/'));
  expect(accepts('a/logs', true)).toBe(false);
  expect(accepts('a/logs', false)).toBe(true);
});

test.each(['', '/', '//'])('the pattern "%s" is a usage error', (pattern) => {
  expect(() => pathFilter([{ action: 'exclude', pattern }])).toThrow(UsageError);
});
