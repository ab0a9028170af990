import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { timedAssertions } from '../support/timed-assertions.ts';

const tests = resolve(import.meta.dirname, '..');
const files = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const textOf = (file: string): string => readFileSync(join(tests, file), 'utf8');

test.each(files.filter((file) => !file.endsWith('timed-assertions.test.ts')))(
  '%s does not assert that something is fast',
  (file) => {
    expect(timedAssertions(textOf(file))).toEqual([]);
  },
);

test.each(files)('%s gives no test less time than a busy machine takes', (file) => {
  const limits = textOf(file).matchAll(/^ *(?:\}, )?(?:\{ timeout: )?(\d+_\d{3})(?:,? \})?,?(?:\n *)?\);/gm);
  const numbers = [...limits].map(([, limit = '']) => Number(limit.replace('_', '')));
  // What is shorter than five seconds is a timer's.
  expect(numbers.filter((ms) => ms >= 5_000 && ms < 60_000)).toEqual([]);
});

test.each([
  ['expect(performance.now() - began).toBeLessThan(5_000);'],
  ['const begun = Date.now();\nawait it();\nexpect(Date.now() - begun, said).toBeLessThanOrEqual(5_000);'],
  ['const begun = Date.now();\nconst spent = Date.now() - begun;\nexpect(spent / 1000).toBeLessThan(5);'],
  ['const begun = Date.now();\nexpect(Date.now() - begun < 5_000).toBe(true);'],
  ['const begun = Date.now();\nexpect(5_000).toBeGreaterThan(Date.now() - begun);'],
  ['expect(ended.ms, ended.stderr).toBeLessThan(2_000);'],
  ['expect(watch.elapsedMs).not.toBeGreaterThan(2_000);'],
  [
    'const since = performance.now();\nconst answer = { wait: performance.now() - since };\nexpect(answer.wait).toBeLessThan(9);',
  ],
  ['expect.soft(process.hrtime.bigint() - since).toBeLessThan(9n);'],
])('%j asserts that something is fast', (text) => {
  expect(timedAssertions(text)).toHaveLength(1);
});

test.each([
  ['expect(performance.now() - began).toBeGreaterThan(2_900);'],
  ['const startedAt = Date.now();\nexpect(modified).toBeGreaterThanOrEqual(startedAt);'],
  ['expect(items.length).toBeLessThan(5);'],
  ['expect(until(() => !isAlive(pid), what, 2_000)).rejects.toThrow();'],
  ['expect(state.total(30_000).bytesPerSecond).toBeLessThan(450);'],
])('%j does not', (text) => {
  expect(timedAssertions(text)).toEqual([]);
});
