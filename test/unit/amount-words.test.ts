/** Amounts of resources in words, and compared. */

import { expect, test } from 'vitest';
import {
  amountOf,
  amountWord,
  amountWords,
  slotAbove,
  slotBelow,
} from '../../src/core/session/amount-words.ts';

test.each([
  ['mem', '17179869184', 'mem=16g'],
  ['mem', '536870912', 'mem=512m'],
  ['mem', '1000', 'mem=1000'],
  ['mem', '17179869184.000000', 'mem=16g'],
  ['mem', '16g', 'mem=16g'],
  ['mem', '0', 'mem=0'],
  ['cpu', '1024', 'cpu=1024'],
  ['cpu', '2.000', 'cpu=2'],
  ['cuda.shares', '0.50', 'cuda.shares=0.5'],
])('%s of %s is %s', (slot, amount, word) => {
  expect(amountWord(slot, amount)).toBe(word);
});

test('processors and memory stand first, and nothing of what there is nothing of', () => {
  const amounts = { 'cuda.shares': '1', mem: '1073741824', 'rocm.device': '0', cpu: '4' };
  expect(amountWords(amounts)).toEqual(['cpu=4', 'mem=1g', 'cuda.shares=1']);
});

test.each([
  ['4', 4],
  ['0.5', 0.5],
  ['512m', 536_870_912],
  ['2GiB', 2_147_483_648],
  ['1.5 k', 1_536],
  ['7b', 7],
  ['many', undefined],
  ['-1', undefined],
  ['', undefined],
])('%j is the amount %s', (text, amount) => {
  expect(amountOf(text)).toBe(amount);
});

test('too little and too much are found by slot', () => {
  expect(slotBelow({ cpu: '1' }, { cpu: '1', mem: '1' })).toBe('mem');
  expect(slotBelow({ cpu: '2', mem: '1g' }, { cpu: '1', mem: '1073741824' })).toBeUndefined();
  expect(slotAbove({ cpu: '2', mem: '2g' }, { mem: '1073741824' })).toBe('mem');
  expect(slotAbove({ cpu: '2' }, {})).toBeUndefined();
});
