import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasInclude, withInclude, withoutInclude } from '../../src/core/ssh/ssh-include.ts';

const file = '/home/you/.local/share/bai/ssh_config';
const line = `Include ${file}`;
const spellings = ['~/.local/share/bai/ssh_config', file];

test('the line stands on top, and all else follows as it was', () => {
  const text = '# mine\nHost *\n\tUser me\n';
  expect(withInclude(text, line)).toBe(`${line}\n${text}`);
});

test('a file with CRLF gets a line with CRLF', () => {
  expect(withInclude('Host a\r\n  User me\r\n', line)).toBe(`${line}\r\nHost a\r\n  User me\r\n`);
});

test('the mark of an editor of Windows stays in front, and a line behind it counts', () => {
  const mark = '\xef\xbb\xbf';
  const text = `${mark}Host a\r\n`;
  const added = withInclude(text, line);
  expect(added).toBe(`${mark}${line}\r\nHost a\r\n`);
  expect(hasInclude(added, spellings)).toBe(true);
  expect(withoutInclude(added, spellings)).toBe(text);
});

test.each([
  ['empty', ''],
  ['without a line end', 'Host a'],
  ['with mixed line ends', 'Host a\n  User b\r\n\r\n'],
  ['with an empty line on top', '\n\nHost a\n'],
  ['with a NUL and bytes of no encoding', 'Host a\u0000\u00ff\u00fe\n'],
])('adding and removing gives a file %s back', (_, text) => {
  const added = withInclude(text, line);
  expect(hasInclude(added, spellings)).toBe(true);
  expect(withoutInclude(added, spellings)).toBe(text);
});

test('adding and removing gives any file back', () => {
  const bytes = fc
    .array(fc.constantFrom('a', ' ', '\t', '\r', '\n', '#', '"', '=', 'Include ', 'Host *'))
    .map((parts) => parts.join(''));
  fc.assert(fc.property(bytes, (text) => withoutInclude(withInclude(text, line), spellings) === text));
});

test('a file of bai’s making goes with the line, and stays with lines of the user’s', () => {
  const made = withInclude(undefined, line);
  expect(withoutInclude(made, spellings)).toBeUndefined();
  expect(withoutInclude(`${made}Host a\n`, spellings)).toBe('Host a\n');
});

test.each([
  `Host a\n\n  ${line}\n`,
  `include = ${file}\n`,
  `INCLUDE "${file}"\r\nHost a\n`,
  'Include ~/.local/share/bai/ssh_config',
  `Include other "${file}"\n`,
])('a line that the user changed or moved counts: %j', (text) => {
  expect(hasInclude(text, spellings)).toBe(true);
});

test.each([`# ${line}\n`, `Include ${file}2\n`, `IncludeX ${file}\n`, `Host ${file}\n`, ''])(
  'no line of bai’s: %j',
  (text) => {
    expect(hasInclude(text, spellings)).toBe(false);
    expect(withoutInclude(text, spellings)).toBe(text);
  },
);

test('of a line with other files only bai’s is taken', () => {
  expect(withoutInclude(`Include a "${file}" b\r\nHost x\n`, spellings)).toBe('Include a b\r\nHost x\n');
  expect(withoutInclude(`Include a ${file}\n`, spellings)).toBe('Include a\n');
});
