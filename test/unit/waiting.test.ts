/** What is waited for, where nothing is drawn: one line at the start, and a heartbeat. */

import { expect, test } from 'vitest';
import { createReporter } from '../../src/output/reporter.ts';
import type { Clock } from '../../src/output/transfer-progress.ts';
import { Waiting } from '../../src/output/waiting.ts';
import { wrapWords } from '../../src/output/wrap-words.ts';

interface Bench {
  readonly lines: readonly string[];
  readonly waiting: Waiting;
  pass(this: void, seconds: number): void;
}

function bench(interactive: boolean): Bench {
  let now = 0;
  const calls = new Set<() => void>();
  const clock: Clock = {
    now: () => now,
    every(_ms, call) {
      calls.add(call);
      return { [Symbol.dispose]: () => void calls.delete(call) };
    },
  };
  const lines: string[] = [];
  const waiting = new Waiting({ spin: undefined, say: (line) => lines.push(line), interactive, clock });
  return {
    ...{ lines, waiting },
    pass(seconds) {
      for (let step = 0; step < seconds * 4; step += 1) {
        now += 250;
        for (const call of [...calls]) call();
      }
    },
  };
}

test('somebody at a terminal reads of a wait after a second, and of its going on now and then', () => {
  const { lines, waiting, pass } = bench(true);
  const wait = waiting.wait('waiting for the sshd of session demo', 300_000);
  pass(0.75);
  expect(lines).toEqual([]);
  pass(150);
  expect(lines).toEqual([
    'waiting for the sshd of session demo (at most 300)',
    'waiting for the sshd of session demo (10 s, at most 300)',
    'waiting for the sshd of session demo (30 s, at most 300)',
    'waiting for the sshd of session demo (60 s, at most 300)',
    'waiting for the sshd of session demo (120 s, at most 300)',
  ]);
  wait[Symbol.dispose]();
  pass(600);
  expect(lines).toHaveLength(5);
});

test('a log hears of a wait after five seconds, and not at all of one that is over before', () => {
  const { lines, waiting, pass } = bench(false);
  const short = waiting.wait('waiting for a moment', 60_000);
  pass(4);
  short[Symbol.dispose]();
  const long = waiting.wait('waiting for the manager', 0);
  pass(11);
  long[Symbol.dispose]();
  expect(lines).toEqual(['waiting for the manager', 'waiting for the manager (10 s)']);
});

test('what began last is what is told of, with the work that it is for', () => {
  const { lines, waiting, pass } = bench(true);
  const work = waiting.work('demo: PREPARING');
  const inner = waiting.wait('waiting for the manager', 60_000);
  pass(30);
  inner[Symbol.dispose]();
  work.update('demo: PULLING (12 of 40 MiB)');
  pass(31);
  work[Symbol.dispose]();
  expect(lines).toEqual([
    'waiting for the manager (at most 60)',
    'demo: PREPARING: waiting for the manager (10 s, at most 60)',
    'demo: PREPARING: waiting for the manager (30 s, at most 60)',
    'demo: PULLING (12 of 40 MiB) (60 s)',
  ]);
});

test('while another program has the terminal nothing is told', () => {
  const { lines, waiting, pass } = bench(true);
  const wait = waiting.wait('waiting', 0);
  const held = waiting.hold();
  pass(40);
  expect(lines).toEqual([]);
  held[Symbol.dispose]();
  wait[Symbol.dispose]();
});

function terminal(columns: number) {
  const written: string[] = [];
  const stream = { columns, rows: 24, isTTY: true, write: (text: string) => written.push(text) > 0 };
  const environment = { ACCESSIBLE: '1' };
  const common = { stdout: stream as never, stderr: stream as never, environment, spin: undefined };
  const reporterOf = (quiet: boolean) =>
    createReporter({ ...common, json: false, events: false, quiet, color: false });
  return { written, reporterOf };
}

test('--quiet says nothing of a step', () => {
  const { written, reporterOf } = terminal(80);
  reporterOf(true).step('demo: PENDING').done('demo: RUNNING');
  reporterOf(false).step('demo: PENDING').done('demo: RUNNING');
  expect(written).toEqual(['demo: PENDING\n', 'demo: RUNNING\n']);
});

test('where lines are wished for, a watched table is told and not drawn', () => {
  const { written, reporterOf } = terminal(80);
  using table = reporterOf(false).watch();
  expect(table.isDrawn).toBe(false);
  table.tell({}, ['demo', 'RUNNING']);
  expect(written.join('')).toBe('demo\tRUNNING\n');
});

test('a command in a hint is not broken where it fits on a line', () => {
  const hint = 'run `bai session list --all` or `bai ssh-config install --dry-run` now';
  expect(wrapWords(hint, 40, 6).split('\n')).toEqual([
    'run `bai session list --all` or',
    '`bai ssh-config install --dry-run` now',
  ]);
  expect(wrapWords('`bai ssh-config install`', 10)).toBe('`bai ssh-config install`');
  expect(wrapWords("session a's `b` (`bai ls x`).", 12).split('\n')).toEqual([
    "session a's",
    '`b`',
    '(`bai ls x`).',
  ]);
  expect(wrapWords('세션 이름 하나', 10).split('\n')).toEqual(['세션 이름', '하나']);
});

test.each([1, 20, 21])('an error in %d columns loses no word', (columns) => {
  const text =
    'no session named `abc def` — 세션이 없습니다; a-very-long-word-that-fits-in-no-line ` and more';
  expect(wrapWords(text, columns, 7).split(/\s+/).filter(Boolean)).toEqual(text.split(/\s+/));
});
