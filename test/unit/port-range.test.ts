import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePort, portCandidates, portRange } from '../../src/core/ssh/port-range.ts';
import { UsageError } from '../../src/errors.ts';

test.each(['1024', '12000', '65535'])('%s is a port', (text) => {
  expect(parsePort(text)).toBe(Number(text));
});

test.each(['1023', '22', '0', '65536', '99999', '-1', '1e4', '12000.5', ' 12000', '0x3000', '', '一二三四'])(
  '"%s" is no port, and the error names the option',
  (text) => {
    expect(() => parsePort(text, '--port')).toThrow(UsageError);
    expect(() => parsePort(text, '--port')).toThrow('--port');
  },
);

test('the preferred port comes first, also when it lies outside the range', () => {
  expect([...portCandidates(2222, Math.random, 3)][0]).toBe(2222);
});

test('candidates are different ports from 10000 to 65000', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 }),
      (draws) => {
        let at = 0;
        const random = (): number => draws[at++ % draws.length] ?? 0;
        const ports = [...portCandidates(undefined, random, 20)];
        expect(new Set(ports).size).toBe(ports.length);
        expect(ports.every((port) => port >= portRange.first && port <= portRange.last)).toBe(true);
      },
    ),
  );
});

test('both ends of the range can be drawn', () => {
  expect([...portCandidates(undefined, () => 0, 1)]).toEqual([10_000]);
  expect([...portCandidates(undefined, () => 0.999_999_99, 1)]).toEqual([65_000]);
});

test('a random source that repeats itself ends anyway', () => {
  expect([...portCandidates(10_000, () => 0, 20)]).toEqual([10_000]);
});
