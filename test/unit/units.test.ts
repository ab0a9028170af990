import { expect, test } from 'vitest';
import { formatAge, formatBytes, formatDuration } from '../../src/core/text/units.ts';

test.each([
  [0, '0 B'],
  [1, '1 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [1024 ** 2 - 1, '1.0 MiB'],
  [64 * 1024 ** 2, '64.0 MiB'],
  [1024 ** 4, '1.0 TiB'],
  [1024 ** 6, '1024.0 PiB'],
  [-5, '0 B'],
])('%d bytes read as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, '0:00'],
  [5_000, '0:05'],
  [59_600, '1:00'],
  [750_000, '12:30'],
  [11_045_000, '3:04:05'],
  [Number.POSITIVE_INFINITY, '--:--'],
  [Number.NaN, '--:--'],
  [-1, '0:00'],
])('%d ms is %s on the clock', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [0, '0s'],
  [119_000, '119s'],
  [120_000, '2m'],
  [7_199_000, '119m'],
  [7_200_000, '2h'],
  [172_800_000, '2d'],
  [-1_000, '0s'],
])('an age of %d ms is %s', (ms, text) => {
  expect(formatAge(ms)).toBe(text);
});
