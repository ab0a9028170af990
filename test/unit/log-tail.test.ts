/** `session logs --follow`: what of a log that is read as a whole is new. */

import { expect, test } from 'vitest';
import {
  advance,
  beforeAll,
  keptCharacters,
  type LogPlace,
  lastLines,
} from '../../src/core/session/log-tail.ts';

/** Chance that can be had again (mulberry32). */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const seed = Number(process.env['BAI_TEST_SEED'] ?? Date.now() % 1_000_000);
const runs = Number(process.env['BAI_TEST_RUNS'] ?? 300);
const pieces = [
  'x',
  'tick\n',
  '세션 ',
  '\r\n',
  '😀',
  'e\u0301',
  '\u001b[31m',
  '\n',
  '\ufffd',
  'a'.repeat(12),
];

interface Case {
  readonly chance: (below: number) => number;
  readonly name: string;
}

const cases: Case[] = Array.from({ length: runs }, (_, at) => ({
  chance: chance(seed + at),
  name: `BAI_TEST_SEED=${seed + at} BAI_TEST_RUNS=1`,
}));

/** Text of any kind; with `line` each one has a number, so that none is like another. */
function some({ chance: below }: Case, line?: { number: number }): string {
  let text = '';
  for (let left = below(30); left > 0; left -= 1) {
    text += pieces[below(pieces.length)] ?? '';
    if (line !== undefined) {
      line.number += 1;
      text += `\n#${line.number} `;
    }
  }
  return text;
}

test('a log that only grows is told whole, once, however it is cut into looks', () => {
  for (const each of cases) {
    let log = '';
    let told = '';
    let place: LogPlace = beforeAll;
    for (let looks = each.chance(12); looks >= 0; looks -= 1) {
      log += some(each);
      const step = advance(place, log, looks === 0);
      expect(step.gap, each.name).toBe('none');
      told += step.fresh;
      place = step.place;
    }
    expect(told, each.name).toBe(log);
  }
});

test('a log that loses its beginning is told once, and whole as long as the looks overlap', () => {
  for (const each of cases) {
    const line = { number: 0 };
    const most = 400 + each.chance(4_000);
    let log = '';
    let told = '';
    let place: LogPlace = beforeAll;
    let before = 0;
    for (let looks = 20; looks >= 0; looks -= 1) {
      log += some(each, line);
      // Between two characters, as a manager cuts it.
      const start = Math.max(0, log.length - most);
      const shown = Array.from(log.slice(start)).join('');
      const { place: next, fresh, gap } = advance(place, shown, looks === 0);
      if (before - start >= 40 || before === 0) expect(gap, each.name).not.toBe('lost');
      // All of what is there is told, then.
      if (gap === 'lost') told = log.slice(0, log.length - shown.length);
      told += fresh;
      place = next;
      before = told.length;
      // Nothing twice, nothing left out: what is held back may be missing at the end.
      expect(log.startsWith(told), each.name).toBe(true);
      expect(log.length - told.length, each.name).toBeLessThan(5);
    }
    expect(told, each.name).toBe(log);
  }
});

test('what is kept of a log does not grow with it', () => {
  const line = `${'0123456789'.repeat(10)}\n`;
  let place: LogPlace = beforeAll;
  let told = 0;
  for (let megabytes = 1; megabytes <= 8; megabytes += 1) {
    const step = advance(place, line.repeat(megabytes * 10_000));
    place = step.place;
    told += step.fresh.length;
    expect(place.tail.length).toBeLessThanOrEqual(keptCharacters);
  }
  expect(told).toBe(line.length * 80_000);
});

test('a log that is all alike and loses its beginning tells no line twice', () => {
  const log = (lines: number): string => 'tick\n'.repeat(lines);
  const first = advance(beforeAll, log(30_000));
  const second = advance(first.place, log(20_000));
  expect(second.fresh).toBe('');
  expect(advance(second.place, log(20_010)).fresh).toBe(log(10));
});

test.each([
  ['a line break of two', 'one\r', 'one\r\ntwo'],
  ['a character whose bytes come one by one', 'one \ufffd', 'one 세'],
  ['a half of a pair', 'one \ud83d', 'one 😀'],
])('%s is told when it is whole', (_, before, after) => {
  const first = advance(beforeAll, before);
  const second = advance(first.place, after);
  expect(second.gap).toBe('none');
  expect(first.fresh + second.fresh).toBe(after);
});

test('what could be a half is told at the end all the same', () => {
  const first = advance(beforeAll, 'one\r');
  expect(advance(first.place, 'one\r', true).fresh).toBe('\r');
});

test('a moment without a log is no new log', () => {
  const first = advance(beforeAll, 'one\n');
  const empty = advance(first.place, '');
  expect(advance(empty.place, 'one\ntwo\n').fresh).toBe('two\n');
});

test('another log in its place is told whole, with the gap', () => {
  const first = advance(beforeAll, `${'a'.repeat(100)}\n`);
  expect(advance(first.place, 'new\n')).toMatchObject({ fresh: 'new\n', gap: 'lost' });
});

test.each([
  ['a\nb\nc\n', 2, 'b\nc\n'],
  ['a\nb\nc', 2, 'b\nc'],
  ['a\n\n', 1, '\n'],
  ['a\nb\n', 2, 'a\nb\n'],
  ['a\nb\n', 9, 'a\nb\n'],
  ['a\n', 0, ''],
  ['', 3, ''],
  ['\n', 1, '\n'],
  ['세션\n😀\n', 1, '😀\n'],
])('the last lines of %j, %d of them', (text, count, expected) => {
  expect(lastLines(text, count)).toBe(expected);
});
