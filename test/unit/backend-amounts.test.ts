/** Amounts as managers write them. */

import { describe, expect, test } from 'vitest';
import { amountsOf, atMost, sumOf } from '../../src/providers/backend-ai/offers/amounts.ts';

const amountOf = (amount: unknown): string | undefined => amountsOf({ cpu: amount })['cpu'];

test.each([
  ['2', '2'],
  ['2.000000', '2'],
  ['274877906944.000000', '274877906944'],
  ['0.50', '0.5'],
  [4, '4'],
  [1e21, '1000000000000000000000'],
  ['1E+3', '1000'],
  ['25e-2', '0.25'],
  ['64m', '67108864'],
  ['1.5g', '1610612736'],
  ['2GiB', '2147483648'],
  ['9007199254740993', '9007199254740993'],
  ['-0.5', '0'],
  ['-1', '0'],
])('%j is %s', (written, exact) => {
  expect(amountOf(written)).toBe(exact);
});

test.each([
  ['Infinity'],
  ['-Infinity'],
  ['NaN'],
  [''],
  ['lots'],
  ['1,5'],
  ['0x10'],
  ['1e999'],
  ['9'.repeat(41)],
  ['\u001b[2J1'],
  [Number.POSITIVE_INFINITY],
  [true],
  [null],
  [[1]],
  [{ a: 1 }],
])('%j is no amount, and leaves the others', (written) => {
  expect(amountsOf({ cpu: written, mem: '1' })).toEqual({ mem: '1' });
});

test.each([[null], [undefined], [7], ['text'], ['[1]'], [[1]], ['{'.repeat(20_000)]])(
  'what is no object has no amounts: %#',
  (value) => {
    expect(amountsOf(value)).toEqual({});
  },
);

describe('the names of a server', () => {
  test('are none of the names that every object has', () => {
    const hostile = '{"__proto__":"1","constructor":"2","cpu":"3"}';
    expect(Object.keys(amountsOf(hostile)).toSorted()).not.toContain('toString');
    expect(amountsOf(hostile)['cpu']).toBe('3');
    expect(({} as Record<string, unknown>)['cpu']).toBeUndefined();
    expect(atMost({ cpu: '3', toString: '1' }, { cpu: '9' })).toEqual({ cpu: '3', toString: '0' });
  });

  test('are no longer and no more than any there are', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`slot-${at}`, '1']));
    expect(Object.keys(amountsOf(many))).toHaveLength(100);
    expect(amountsOf({ ['n'.repeat(65)]: '1', '': '2' })).toEqual({});
  });
});

test('sums are exact', () => {
  expect(
    sumOf([
      { cpu: '0.1', mem: '9007199254740993' },
      { cpu: '0.2', mem: '9007199254740993', gpu: '1' },
    ]),
  ).toEqual({ cpu: '0.3', mem: '18014398509481986', gpu: '1' });
});

test('no more of an amount than there is', () => {
  expect(
    atMost({ cpu: '10', mem: '9007199254740993', gpu: '1' }, { cpu: '9.5', mem: '9007199254740994' }),
  ).toEqual({ cpu: '9.5', mem: '9007199254740993', gpu: '0' });
});
