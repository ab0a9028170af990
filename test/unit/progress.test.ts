import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import type { TransferProgress } from '../../src/core/reporter.ts';
import { createLiveArea } from '../../src/output/live-area.ts';
import { progressLine } from '../../src/output/progress-bar.ts';
import { barLines, heartbeatLine } from '../../src/output/progress-lines.ts';
import { createReporter } from '../../src/output/reporter.ts';
import {
  barView,
  type Clock,
  eventTelling,
  eventView,
  heartbeatView,
  showTransfer,
  wordTelling,
} from '../../src/output/transfer-progress.ts';
import { TransferState } from '../../src/output/transfer-state.ts';

const mib = 1024 ** 2;
const line = (label: string, bytes: number, totalBytes: number | undefined, bytesPerSecond: number) =>
  progressLine({ label, bytes, totalBytes, bytesPerSecond }, 120);

test('bytes, share, rate and time left are shown', () => {
  expect(line('data.bin', 16 * mib, 64 * mib, 4 * mib)).toMatch(
    /^data\.bin \[=+ +\] +25% {2}16\.0 MiB\/64\.0 MiB {2}4\.0 MiB\/s {2}0:12 left$/,
  );
});

test('without a known end there is neither bar nor time left', () => {
  expect(line('stream', 16 * mib, undefined, 4 * mib)).toBe('stream 16.0 MiB  4.0 MiB/s');
});

test.each([1, 10, 20, 40, 60, 80, 200])('in %d columns the line never wraps', (columns) => {
  for (const label of ['a', '아주-긴-파일-이름'.repeat(8), 'x'.repeat(300)]) {
    const text = progressLine({ label, bytes: 3, totalBytes: 7, bytesPerSecond: 10 }, columns);
    expect(stringWidth(text)).toBeLessThan(columns);
  }
});

test('a long path keeps its end', () => {
  expect(line(`${'long/'.repeat(50)}name.bin`, 1, 2, 1)).toMatch(/^….*name\.bin /);
});

test('an empty file is complete, and before the first byte no time is promised', () => {
  expect(line('a', 0, 0, 0)).toContain('100%');
  expect(line('a', 0, 10, 0)).toContain('--:-- left');
});

test('more bytes than announced are no more than 100%', () => {
  expect(line('a', 30, 10, 1)).toContain('100%');
});

test('the rate is that of the last seconds', () => {
  const state = new TransferState(0);
  const file = state.start('a', 100_000, 0);
  for (let time = 0; time <= 10_000; time += 100) state.update(file, time, time);
  expect(state.total(10_000).bytesPerSecond).toBeCloseTo(1_000, 0);
  expect(state.total(30_000).bytesPerSecond).toBeLessThan(450);
});

test('what an earlier run had moved counts as done, but not for the rate', () => {
  const state = new TransferState(0);
  state.resume('a', 5_000);
  const file = state.start('a', 10_000, 0);
  state.update(file, 5_000, 500);
  state.update(file, 6_000, 1_000);
  expect(state.total(1_000)).toMatchObject({ bytes: 6_000, totalBytes: 10_000, bytesPerSecond: 1_000 });
});

test('bytes that are moved again do not make the rate negative', () => {
  const state = new TransferState(0);
  const file = state.start('a', 100, 0);
  state.update(file, 80, 1_000);
  state.update(file, 20, 2_000);
  expect(state.files(2_000)).toMatchObject([{ bytes: 20 }]);
  expect(state.total(2_000).bytesPerSecond).toBeGreaterThanOrEqual(0);
});

test('several files have a bar each and one for all; a terminal of few rows shows fewer', () => {
  const state = new TransferState(0);
  for (const name of ['a', 'b', 'c', 'd']) state.update(state.start(name, 100, 0), 50, 1_000);
  state.expect(4, 400);
  const lines = barLines(state.files(1_000), state.total(1_000), { columns: 100, rows: 24 });
  expect(lines.map((text) => text.split(' ')[0])).toEqual(['a', 'b', 'c', 'd', 'all:']);
  expect(lines.at(-1)).toContain('0 of 4 files');
  expect(lines.at(-1)).toContain('50%');
  const few = barLines(state.files(1_000), state.total(1_000), { columns: 100, rows: 6 });
  expect(few).toHaveLength(4);
  expect(few[2]).toBe('  … and 2 more');
});

test('control characters of a name reach neither bar nor log', () => {
  const state = new TransferState(0);
  state.start('a\u001b[2J\nb', 100, 0);
  const [bar] = barLines(state.files(1), state.total(1), { columns: 100, rows: 24 });
  expect(bar).toContain('a\\x1b[2J\\nb');
  expect(heartbeatLine(state.files(1), state.total(1))).toContain('a\\x1b[2J\\nb');
});

test('one file alone has one bar, and a retry adds the line that counts it', () => {
  const state = new TransferState(0);
  state.start('a', 100, 0);
  const lines = (): string[] => barLines(state.files(1), state.total(1), { columns: 100, rows: 24 });
  expect(lines()).toHaveLength(1);
  state.retries = 2;
  expect(lines()[1]).toContain('2 retries');
});

test('a heartbeat says how far it is, how fast, and how long it takes', () => {
  const state = new TransferState(0);
  state.expect(3, 40 * mib);
  state.finish(state.start('done', 0, 0));
  state.update(state.start('data.bin', 40 * mib, 0), 10 * mib, 10_000);
  expect(heartbeatLine(state.files(10_000), state.total(10_000))).toBe(
    '1 of 3 files, 10.0 MiB of 40.0 MiB (25%), 1.0 MiB/s, 0:30 left; data.bin 25%',
  );
});

/** A clock that a test moves on. */
function handClock(): Clock & { advance(ms: number): void } {
  let time = 0;
  const timers = new Set<{ at: number; readonly ms: number; readonly call: () => void }>();
  return {
    now: () => time,
    every(ms, call) {
      const timer = { at: time + ms, ms, call };
      timers.add(timer);
      return { [Symbol.dispose]: () => timers.delete(timer) };
    },
    advance(ms) {
      for (const end = time + ms; time < end; time += 1)
        for (const timer of timers)
          if (time >= timer.at) {
            timer.at += timer.ms;
            timer.call();
          }
    },
  };
}

const quiet = wordTelling(
  () => {},
  () => {},
);

test('a transfer of less than half a second draws nothing', () => {
  const drawn: (readonly string[])[] = [];
  const clock = handClock();
  const screen = { columns: 80, rows: 24, draw: (l: readonly string[]) => drawn.push(l), clear: () => {} };
  using progress: TransferProgress = showTransfer(barView(screen, 0), quiet, clock);
  const bar = progress.file('a', 100);
  clock.advance(400);
  bar.update(50);
  bar.stop();
  expect(drawn).toEqual([]);
});

test('bars are drawn at most ten times a second', () => {
  const drawn: (readonly string[])[] = [];
  const clock = handClock();
  const screen = { columns: 80, rows: 24, draw: (l: readonly string[]) => drawn.push(l), clear: () => {} };
  using progress = showTransfer(barView(screen, 0), quiet, clock);
  const bar = progress.file('a', 100);
  for (let step = 0; step < 100; step += 1) {
    clock.advance(10);
    bar.update(step);
  }
  expect(drawn.length).toBeGreaterThan(1);
  expect(drawn.length).toBeLessThanOrEqual(7);
});

test('a log gets a line every five seconds, also while nothing moves', () => {
  const lines: string[] = [];
  const clock = handClock();
  const progress = showTransfer(
    heartbeatView((text) => lines.push(text)),
    quiet,
    clock,
  );
  progress.file('a', 100);
  clock.advance(4_999);
  expect(lines).toEqual([]);
  clock.advance(10_001);
  expect(lines).toHaveLength(2);
  progress[Symbol.dispose]();
  clock.advance(20_000);
  expect(lines).toHaveLength(2);
});

test('events tell what starts, resumes, is tried again, fails and ends', () => {
  const events: object[] = [];
  const note = (event: object): unknown => events.push(event);
  const clock = handClock();
  const problem = { path: 'b', reason: 'lost', code: 'connection-lost' };
  using progress = showTransfer(eventView(note), eventTelling(note), clock);
  const bar = progress.file('a', 100);
  progress.resumed('a', 40);
  bar.update(50);
  progress.retrying(problem);
  clock.advance(1_001);
  bar.stop();
  progress.failed(problem);
  expect(events).toEqual([
    { event: 'start', path: 'a', totalBytes: 100 },
    { event: 'resumed', path: 'a', bytes: 40 },
    { event: 'retry', ...problem },
    {
      event: 'progress',
      files: 0,
      bytes: 50,
      totalBytes: 100,
      bytesPerSecond: 10,
      secondsLeft: 5,
      retries: 1,
      running: [{ path: 'a', bytes: 50, totalBytes: 100 }],
    },
    { event: 'end', path: 'a', bytes: 50, totalBytes: 100 },
    { event: 'failed', ...problem },
  ]);
});

/** As much of a terminal as cursor movements need: rows of text after everything was written. */
function screenOf(writes: readonly string[]): string[] {
  const rows = [''];
  let row = 0;
  let column = 0;
  const tokens = writes
    .join('')
    .replaceAll('\u001b', '␛')
    .matchAll(/␛\[(\d*)([AJK])|\r|\n|[^␛\r\n]+/g);
  for (const [text, count, action] of tokens) {
    const here = rows[row] ?? '';
    if (text === '\r') column = 0;
    else if (text === '\n') {
      row += 1;
      column = 0;
    } else if (action === 'A') row -= Number(count);
    else if (action === 'K') rows[row] = here.slice(0, column);
    else if (action === 'J') {
      rows[row] = here.slice(0, column);
      rows.length = row + 1;
    } else {
      rows[row] = here.slice(0, column).padEnd(column) + text + here.slice(column + text.length);
      column += text.length;
    }
    rows[row] ??= '';
  }
  return rows;
}

function terminal(): { written: string[]; stream: NodeJS.WriteStream } {
  const written: string[] = [];
  const stream = { columns: 40, rows: 24, isTTY: true, write: (text: string) => written.push(text) > 0 };
  return { written, stream: stream as unknown as NodeJS.WriteStream }; // Only these are used.
}

test('what is printed while bars are shown stands above them, whole', () => {
  const { written, stream } = terminal();
  const area = createLiveArea(stream);
  area.draw(['one', 'two', 'all']);
  area.print('a warning\n');
  area.draw(['one and more', 'all']);
  area.print('another\nof two lines\n');
  expect(screenOf(written)).toEqual(['a warning', 'another', 'of two lines', 'one and more', 'all']);
  area.clear();
  area.print('the end\n');
  expect(screenOf(written)).toEqual(['a warning', 'another', 'of two lines', 'the end', '']);
});

test('in a terminal that was made narrower the wrapped bars go too', () => {
  const { written, stream } = terminal();
  const area = createLiveArea(stream);
  area.draw(['x'.repeat(39), 'y'.repeat(39)]);
  Object.assign(stream, { columns: 20 });
  area.draw(['x', 'y']);
  expect(written.at(-1)?.startsWith('\r\u001b[3A')).toBe(true);
});

test('a spinner that is wanted during a transfer does not draw over its bars', () => {
  const { stream } = terminal();
  const spun: string[] = [];
  const spin = (_: unknown, text: string) => {
    spun.push(text);
    return { stop: () => {} } as never; // The reporter stops it and does nothing else.
  };
  const options = { stdout: stream, stderr: stream, environment: {}, quiet: false, color: false };
  const reporter = createReporter({ ...options, json: false, events: false, spin });
  const progress = reporter.transfer();
  reporter.busy('connecting', 'now').stop();
  progress[Symbol.dispose]();
  reporter.busy('afterwards', 'now').stop();
  expect(spun).toEqual(['afterwards']);
});
