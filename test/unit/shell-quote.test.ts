import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sanitizeLine } from '../../src/core/text/sanitize.ts';
import { shellCommand, shellLine, shellQuote } from '../../src/core/text/shell-quote.ts';

/** What a real shell makes of the words, one per NUL-ended field. */
function readByShell(command: string): string[] {
  const text = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' });
  return text.split('\0').slice(0, -1);
}

test.each(['demo', '/home/me/.ssh/id_container', 'a=b', 'work@127.0.0.1', 'x:y,z%+'])(
  '%s needs no quotes',
  (word) => expect(shellQuote(word)).toBe(word),
);

test.each(['', 'a b', "it's", '$HOME', '`id`', 'a;b', '-rf', 'a\nb', '"', '*', '~', '\\'])(
  'a shell reads %j back as it was',
  (word) => expect(readByShell(shellQuote(word))).toEqual([word]),
);

test('options stay as they are in a whole command', () => {
  expect(shellCommand(['ssh', '-p', '12000', '-oPort=1', 'my host'])).toBe("ssh -p 12000 -oPort=1 'my host'");
});

test('a shell reads any words back as they were', () => {
  const word = fc
    .string({ unit: 'binary' })
    .filter((text) => !text.includes('\0') && Buffer.from(text).toString() === text);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
      expect(readByShell(shellCommand(words))).toEqual(words);
    }),
    { numRuns: 50 },
  );
});

/** As `readByShell`, by a shell that people type into. */
function readByBash(command: string): string[] {
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  const text = execFileSync('bash', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8', env });
  return text.split('\0').slice(0, -1);
}

test('a line to be copied has nothing in it that is not seen, and is read back as it was', () => {
  const words = [
    "A=it's\n\\two",
    '\u202e',
    'soft\u00adhyphen',
    '\u{e0041}',
    '\t',
    '-x',
    '-e',
    'a b',
    '$HOME',
  ];
  const line = shellLine(words);
  expect(line).toBe(sanitizeLine(line));
  expect(readByBash(line)).toEqual(words);
  expect(shellLine(['bai', '-e', "A=it's"])).toBe("bai -e 'A=it'\\''s'");
});
