/** No text of a server moves the cursor, hides words or turns them round. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sanitizeLine, sanitizeText } from '../../src/core/sanitize.ts';

const esc = '\u001b';

test.each([
  [`${esc}[2J${esc}[H`, '\\x1b[2J\\x1b[H'],
  [`${esc}]0;title\u0007`, '\\x1b]0;title\\x07'],
  ['all is well\rERROR', 'all is well\\rERROR'],
  ['\u009b31m', '\\x9b31m'],
  ['abc\u202edcba', 'abc\\u202edcba'],
  ['a\u2066b\u2069', 'a\\u2066b\\u2069'],
  ['zero\u200bwidth', 'zero\\u200bwidth'],
  ['line\u2028separator', 'line\\u2028separator'],
  ['\u0000\u007f', '\\x00\\x7f'],
  ['\ufeffmark', '\\ufeffmark'],
  ['lone \ud800 surrogate', 'lone \\ud800 surrogate'],
  ['two\nlines', 'two\\nlines'],
  ['a\ttab', 'a\\ttab'],
])('%j is shown as %j', (text, shown) => {
  expect(sanitizeLine(text)).toBe(shown);
});

test.each(['plain', '세션 이름', 'naïve café', '👩‍💻'.replaceAll('\u200d', ''), 'a\\b'])(
  '%j stays as it is',
  (text) => expect(sanitizeLine(text)).toBe(text),
);

test('several lines keep their breaks and tabs, and nothing else', () => {
  expect(sanitizeText(`one\r\n\ttwo\rthree${esc}`)).toBe('one\n\ttwo\\rthree\\x1b');
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be left.
const dangerous = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/;

test('whatever comes in, no control character comes out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(sanitizeText(text)).not.toMatch(dangerous);
      expect(sanitizeLine(text)).not.toMatch(/[\n\t]/);
    }),
  );
});

test('what was made safe stays the same the second time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const once = sanitizeLine(text);
      expect(sanitizeLine(once)).toBe(once);
    }),
  );
});
