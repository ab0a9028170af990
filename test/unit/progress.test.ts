import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { createProgressBar, progressLine } from '../../src/output/progress-bar.ts';

const mib = 1024 ** 2;

test('bytes, share, rate and time left are shown', () => {
  const line = progressLine('data.bin', 16 * mib, 64 * mib, 4_000, 120);
  expect(line).toMatch(/^data\.bin \[=+ +\] +25% {2}16\.0 MiB\/64\.0 MiB {2}4\.0 MiB\/s {2}0:12 left$/);
});

test.each([20, 40, 60, 80, 200])('in %d columns the line never wraps', (columns) => {
  for (const label of ['a', '아주-긴-파일-이름'.repeat(8), 'x'.repeat(300)]) {
    expect(stringWidth(progressLine(label, 3, 7, 10, columns))).toBeLessThan(columns);
  }
});

test('an empty file is complete, and before the first byte no time is promised', () => {
  expect(progressLine('a', 0, 0, 0, 80)).toContain('100%');
  expect(progressLine('a', 0, 10, 0, 80)).toContain('--:-- left');
});

test('more bytes than announced are no more than 100%', () => {
  expect(progressLine('a', 30, 10, 1_000, 80)).toContain('100%');
});

/** A terminal as far as the bar needs one. */
function terminal(): { written: string[]; stream: NodeJS.WriteStream } {
  const written: string[] = [];
  const stream = { columns: 80, write: (text: string) => written.push(text) > 0 };
  return { written, stream: stream as unknown as NodeJS.WriteStream }; // Only these two are used.
}

test('a transfer of less than half a second draws nothing', () => {
  const { written, stream } = terminal();
  let time = 0;
  const bar = createProgressBar(stream, 'a', 100, () => time);
  time = 400;
  bar.update(50);
  bar.stop();
  expect(written).toEqual([]);
});

test('the bar is drawn at most ten times a second, and gone when it stops', () => {
  const { written, stream } = terminal();
  let time = 0;
  const bar = createProgressBar(stream, 'a', 100, () => time);
  for (; time <= 1_000; time += 10) bar.update(time / 10);
  expect(written.length).toBeGreaterThan(1);
  expect(written.length).toBeLessThanOrEqual(6);
  bar.stop();
  expect(written.at(-1)).toBe('\r\u001b[K');
});
