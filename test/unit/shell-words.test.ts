import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backslashRule } from '../../src/core/sftp/backslash-rule.ts';
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

test.each([false, true])(
  'an escaped word is one word again, and shows what it holds (in the shell of sftp on Windows: %s)',
  (isWindows) => {
    fc.assert(
      fc.property(word, (text) => {
        // No name of Windows begins so, and there it would be a share's.
        fc.pre(!isWindows || !/^\\[\p{L}\p{N}?.]/u.test(text));
        const escaped = escapeWord(text);
        expect(splitWords(escaped, backslashRule(isWindows))).toEqual([text]);
        expect(sanitizeLine(escaped)).toBe(escaped);
      }),
    );
  },
);

describe('in the shell of sftp on Windows', () => {
  test.each<[string, string[]]>([
    [String.raw`lcd C:\work\tree`, ['lcd', String.raw`C:\work\tree`]],
    ['lcd C:\\new\\', ['lcd', 'C:\\new\\']],
    [String.raw`put C:\work\*.txt`, ['put', String.raw`C:\work\*.txt`]],
    [String.raw`put C:\$Recycle.Bin\x`, ['put', String.raw`C:\$Recycle.Bin\x`]],
    [
      String.raw`put \\server\share\x \\\\server\y`,
      ['put', String.raw`\\server\share\x`, String.raw`\\server\y`],
    ],
    [String.raw`lcd \\?\C:\deep`, ['lcd', String.raw`\\?\C:\deep`]],
    [String.raw`put a\ b c\'d e\"f \#g h\\i`, ['put', 'a b', "c'd", 'e"f', '#g', String.raw`h\i`]],
    [String.raw`put 'C:\a b\' "C:\c d\e"`, ['put', 'C:\\a b\\', String.raw`C:\c d\e`]],
  ])('%s has the words %j', (line, words) => {
    expect(splitWords(line, backslashRule(true))).toEqual(words);
  });
});
