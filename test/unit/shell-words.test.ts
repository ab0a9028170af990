import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sanitizeLine } from '../../src/core/text/sanitize.ts';
import { escapeWord, splitWords } from '../../src/core/text/shell-words.ts';
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
  ['"a\\b\\\\"', ['a\\b\\']],
  ["a$'\\u202e'b", ['a\u202eb']],
  ["$'tab\\there\\x21\\u{1f600}\\'\\\\'", ["tab\there!\u{1f600}'\\"]],
  ["a\\$'b c'", ['a$b c']],
  ['$x "$y"', ['$x', '$y']],
])('%s has the words %j', (line, words) => {
  expect(splitWords(line)).toEqual(words);
});

test.each(["a 'b", 'a "b', '"a\\"', "a $'b", "$'a\\'", "$'\\q'", "$'\\u12'"])(
  '%s is a usage error',
  (line) => {
    expect(() => splitWords(line)).toThrow(UsageError);
  },
);

const word = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(' ', "'", '"', '\\', '$', '#', '\u202e', '\u{e0041}', '\u2028'),
    ),
    { minLength: 1 },
  )
  .map((parts) => parts.join(''))
  .filter((text) => text !== '');

test('an escaped word is one word again, and shows what it holds', () => {
  fc.assert(
    fc.property(word, (text) => {
      const escaped = escapeWord(text);
      expect(splitWords(escaped)).toEqual([text]);
      expect(sanitizeLine(escaped)).toBe(escaped);
    }),
  );
});
