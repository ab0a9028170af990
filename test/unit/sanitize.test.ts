/** No text of a server moves the cursor, hides words or turns them round. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foreignStart, safeJson, sanitizeLine, sanitizeText } from '../../src/core/text/sanitize.ts';

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
  ['tag\u{e0041}ged', 'tag\\u{e0041}ged'],
  ['soft\u00adhyphen', 'soft\\xadhyphen'],
  ['hangul\u3164filler', 'hangul\\u3164filler'],
  ['half\uffa0filler', 'half\\uffa0filler'],
  ['joined\u034f', 'joined\\u034f'],
  ['letter a\ufe0f', 'letter a\\ufe0f'],
  ['digit 1\ufe0f', 'digit 1\\ufe0f'],
  ['twice \u2764\ufe0f\ufe0f', 'twice \u2764\ufe0f\\ufe0f'],
  ['selector \u{e0101}', 'selector \\u{e0101}'],
  ['\u{1f469}\u200d\u{1f4bb}', '\u{1f469}\\u200d\u{1f4bb}'],
])('%j is shown as %j', (text, shown) => {
  expect(sanitizeLine(text)).toBe(shown);
});

test.each(['plain', '세션 이름', 'naïve café', '👩💻', '\u2764\ufe0f.txt', '1\ufe0f\u20e3', 'a\\b'])(
  '%j stays as it is',
  (text) => expect(sanitizeLine(text)).toBe(text),
);

test('several lines keep their breaks and tabs, and nothing else', () => {
  expect(sanitizeText(`one\r\n\ttwo\rthree${esc}`)).toBe('one\n\ttwo\\rthree\\x1b');
});

const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** Any text, with more of what is not seen than chance brings. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom(
        ...'\n\r\t\u001b\u009b\u00ad\u034f\u061c\u115f\u200b\u200d\u202e\u2028\u2066\u3164\ufe0f\ufeff\uffa0'.split(
          '',
        ),
        '\u{e0041}',
        '\u{e0101}',
        '\ud800',
        '\u2764\ufe0f',
      ),
    ),
  )
  .map((parts) => parts.join(''));

test('whatever comes in, nothing that is not seen comes out, but for the U+FE0F of emoji', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const left = sanitizeLine(text).match(invisible) ?? [];
      expect(left.filter((each) => each !== '\ufe0f')).toEqual([]);
      expect(
        (sanitizeText(text).match(invisible) ?? []).filter((each) => !'\ufe0f\n\t'.includes(each)),
      ).toEqual([]);
    }),
  );
});

test('what was made safe stays the same the second time', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const once = sanitizeLine(text);
      expect(sanitizeLine(once)).toBe(once);
    }),
  );
});

test('safe JSON shows nothing that is not seen, and reads back as the same text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const json = safeJson({ text });
      expect((json.match(invisible) ?? []).filter((each) => each !== '\ufe0f')).toEqual([]);
      expect(JSON.parse(json)).toEqual({ text });
    }),
  );
});

test.each([
  ['error: fake', '"error: fake"'],
  ['Warning: fake', '"Warning: fake"'],
  ['hint:fake', '"hint:fake"'],
  ['demo', 'demo'],
  ['errors: 3', 'errors: 3'],
])("%j at the start of a line is shown as %j, so that nobody takes it for bai's own words", (text, shown) => {
  expect(foreignStart(text)).toBe(shown);
});
