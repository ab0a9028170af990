/** Words reach a program of the session as they are, whatever is in them. */

import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { remoteCommandLine } from '../../src/ssh/remote-program.ts';

/** A POSIX shell takes the line apart as the login shell of a session does. */
function wordsSeenBy(line: string): string[] {
  const script = `set -- ${line}\nfor word do printf '%s\\0' "$word"; done`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

test.each([
  ['a quote', "it's"],
  ['substitutions', '$(reboot) `reboot` $HOME'],
  ['an option', '-rf'],
  ['a line break', 'a\nb'],
  ['nothing', ''],
  ['a backslash at the end', 'a\\'],
  ['an exclamation mark and globs', '!! * ? [a]'],
  ['a home', '~'],
])('a word with %s stays one word', (_, word) => {
  expect(wordsSeenBy(remoteCommandLine(['sha256sum', '--', word]))).toEqual(['sha256sum', '--', word]);
});

test('any words without NUL come out of a shell as they went in', () => {
  const word = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !text.includes('\0'));
  const words = fc.array(word, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(words, (given) => {
      expect(wordsSeenBy(remoteCommandLine(given))).toEqual(given);
    }),
    { numRuns: 100 },
  );
});
