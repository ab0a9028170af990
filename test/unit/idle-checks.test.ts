/** When a session ends by itself, as managers report it, and how people are told. */

import { describe, expect, test } from 'vitest';
import { endCell, endFact, endWarning } from '../../src/core/session/expected-end.ts';
import { shownTime } from '../../src/core/text/shown-time.ts';
import { endOfChecks } from '../../src/providers/backend-ai/session/idle-checks.ts';

const now = Date.parse('2026-11-30T12:00:00Z');
const after = (remaining: unknown, extra: unknown = null) => ({
  ...{ remaining, remaining_time_type: 'expire_after', extra },
});
const grace = (remaining: unknown, extra: unknown = null) => ({
  ...{ remaining, remaining_time_type: 'grace_period', extra },
});
const used = (operator: string, ...resources: [number, number][]) => ({
  thresholds_check_operator: operator,
  resources: Object.fromEntries(resources.map((each, at) => [`cpu_util${at}`, each])),
});

test.each([
  ['nothing', undefined, undefined],
  ['no checks', {}, undefined],
  ['a lifetime without a limit', { session_lifetime: after(null) }, undefined],
  ['a lifetime', { session_lifetime: after(7200.4) }, ['2026-11-30T14:00:00.000Z', 'lifetime']],
  ['idleness', { network_timeout: after(479.9) }, ['2026-11-30T12:08:00.000Z', 'idle']],
  ['a time that is over', { network_timeout: after(-1) }, ['2026-11-30T12:00:00.000Z', 'idle']],
  [
    'several: the first end',
    { session_lifetime: after(60), network_timeout: after(3600) },
    ['2026-11-30T12:01:00.000Z', 'lifetime'],
  ],
  ['a time of grace without averages', { utilization: grace(300) }, undefined],
  ['enough use', { utilization: grace(-1, used('and', [50, 30])) }, undefined],
  [
    'enough of one, of which one is enough',
    { utilization: grace(-1, used('and', [50, 30], [1, 30])) },
    undefined,
  ],
  [
    'enough of one, where all have to be',
    { utilization: grace(-1, used('or', [50, 30], [1, 30])) },
    ['2026-11-30T12:00:00.000Z', 'underuse'],
  ],
  [
    'too little use, with time left',
    { utilization: grace(300, used('and', [1, 30])) },
    ['2026-11-30T12:05:00.000Z', 'underuse'],
  ],
  ['nothing that is measured', { utilization: grace(-1, used('or')) }, undefined],
  ['a checker nobody knows', { other: after(60) }, ['2026-11-30T12:01:00.000Z', 'idle']],
  [
    'strange forms',
    { a: 1, b: null, c: after('60'), d: after(Number.MAX_VALUE), e: { remaining: 5 } },
    undefined,
  ],
  ['a text', 'soon', undefined],
])('%s', (_, checks, expected) => {
  const end = endOfChecks(checks, now);
  expect(end && [end.endsAt, end.endsBecause]).toEqual(expected);
});

const at = (ms: number): string => new Date(now + ms).toISOString();
const minute = 60_000;

describe('people are told', () => {
  test.each([
    [{}, undefined],
    [{ endsAt: at(48 * minute), endsBecause: 'idle' }, 'idle 48m'],
    [{ endsAt: at(8 * minute), endsBecause: 'idle' }, 'idle 8m !'],
    [{ endsAt: at(10 * minute), endsBecause: 'underuse' }, 'idle 10m'],
    [{ endsAt: at(120 * minute), endsBecause: 'lifetime' }, 'in 2h'],
    [{ endsAt: at(9 * minute), endsBecause: 'time-limit' }, 'in 9m !'],
    [{ endsAt: at(-1), endsBecause: 'lifetime' }, 'now !'],
    [{ endsAt: at(0), endsBecause: 'idle' }, 'idle now !'],
    [{ endsAt: 'soon', endsBecause: 'idle' }, undefined],
  ] as const)('in the list: %j', (end, expected) => {
    expect(endCell(end, now)).toBe(expected);
  });

  test('in the details, with the reason', () => {
    expect(endFact({ endsAt: at(9 * minute), endsBecause: 'idle' }, now)).toBe(
      `${shownTime('2026-11-30T12:09:00.000Z')} (in 9m, unless somebody uses it)`,
    );
    expect(endFact({}, now)).toBe('');
  });

  test.each([
    [
      { endsAt: at(9 * minute), endsBecause: 'lifetime' },
      'session demo ends in 9m, when its lifetime is over',
    ],
    [
      { endsAt: at(-5), endsBecause: 'underuse' },
      'session demo may end at any moment, unless its processors have more to do',
    ],
    [{ endsAt: at(10 * minute), endsBecause: 'lifetime' }, undefined],
    // Who goes in ends that by going in.
    [{ endsAt: at(minute), endsBecause: 'idle' }, undefined],
    [{}, undefined],
  ] as const)('who goes in: %j', (end, expected) => {
    expect(endWarning({ name: 'demo', countsConnections: true, ...end }, now)).toBe(expected);
  });
});

test('where connections do not count, who connects hears that an idle session is over soon', () => {
  const idle = (endsAt: string) =>
    endWarning({ name: 'demo', countsConnections: false, endsAt, endsBecause: 'idle' }, now);
  expect(idle(new Date(now + 540_000).toISOString())).toBe(
    'session demo may end in 9m as an idle one: its manager may not count connections as use',
  );
  expect(idle(new Date(now - 1_000).toISOString())).toContain('may end at any moment');
  expect(idle(new Date(now + 660_000).toISOString())).toBeUndefined();
});
