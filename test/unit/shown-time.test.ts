/** Times for people: the clock on the wall, its zone, and no fractions. */

import { expect, test } from 'vitest';
import { shownTime } from '../../src/core/text/shown-time.ts';

test.each([
  ['Europe/Berlin', '2026-12-07T21:38:05.123Z', '2026-12-07 22:38:05 +01:00'],
  ['Europe/Berlin', '2026-07-07T21:38:05Z', '2026-07-07 23:38:05 +02:00'],
  ['America/St_Johns', '2026-12-07T02:00:00Z', '2026-12-06 22:30:00 -03:30'],
  ['UTC', '2026-12-07T21:38:05.999999+00:00', '2026-12-07 21:38:05 +00:00'],
])('in %s %s is %s', (zone, time, shown) => {
  const before = process.env['TZ'];
  try {
    process.env['TZ'] = zone;
    expect(shownTime(time)).toBe(shown);
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
});

test.each([[''], ['-'], ['soon']])('what is no time (%j) stays as it is', (text) => {
  expect(shownTime(text)).toBe(text);
});
