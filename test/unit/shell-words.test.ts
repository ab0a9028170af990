import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeWord, splitWords } from '../../src/core/shell-words.ts';
import { UsageError } from '../../src/errors.ts';

test.each<[string, string[]]>([
  ['', []],
  ['   ', []],
  ['get a b', ['get', 'a', 'b']],
  ['  get\ta  ', ['get', 'a']],
  ['put \'a b\' "c d"', ['put', 'a b', 'c d']],
  ['put a\\ b', ['put', 'a b']],
  ['a"b c"d', ['ab cd']],
  ["''", ['']],
  ['"a\\"b"', ['a"b']],
  ["'a\\b'", ['a\\b']],
  ['ls # all of it', ['ls']],
  ['ls a#b', ['ls', 'a#b']],
  ['a\\', ['a\\']],
])('%s has the words %j', (line, words) => {
  expect(splitWords(line)).toEqual(words);
});

test.each(["a 'b", 'a "b'])('%s is a usage error', (line) => {
  expect(() => splitWords(line)).toThrow(UsageError);
});

test('an escaped word is one word again', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (word) => {
      expect(splitWords(escapeWord(word))).toEqual([word]);
    }),
  );
});
