/** Cutting text to a width takes whole characters, as people see them. */

import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { cutEnd, cutStart } from '../../src/output/fit-text.ts';

test.each([
  ['short', 10, 'short', 'short'],
  ['abcdefgh', 5, 'abcd…', '…efgh'],
  ['세션이름', 6, '세션…', '…이름'],
  ['세션이름', 4, '세…', '…름'],
  ['e\u0301e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301…', '…e\u0301e\u0301'],
  ['👍🏽👍🏽👍🏽', 5, '👍🏽👍🏽…', '…👍🏽👍🏽'],
  ['🇰🇷🇩🇪🇫🇷', 5, '🇰🇷🇩🇪…', '…🇩🇪🇫🇷'],
  ['abc', 1, '…', '…'],
  ['abc', 0, '', ''],
])('%s in %d cells is %s, or %s', (text, width, end, start) => {
  expect([cutEnd(text, width), cutStart(text, width)]).toEqual([end, start]);
});

const text = fc
  .array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('👍🏽', '🇰🇷', 'e\u0301', '세')))
  .map((parts) => parts.join(''));

test('what is cut never takes more cells than it was given, and what fits stays', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 40 }), (whole, width) => {
      for (const cut of [cutEnd, cutStart]) {
        const shown = cut(whole, width);
        expect(stringWidth(shown)).toBeLessThanOrEqual(width);
        if (stringWidth(whole) <= width) expect(shown).toBe(whole);
      }
    }),
  );
});

test('a name of a million letters is cut at once', () => {
  const long = 'x'.repeat(1_000_000);
  expect(cutStart(long, 10)).toBe(`…${'x'.repeat(9)}`);
  expect(cutEnd(long, 10)).toBe(`${'x'.repeat(9)}…`);
});
