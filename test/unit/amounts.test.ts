import { expect, test } from 'vitest';
import { describeAmounts } from '../../src/core/session/amounts.ts';

test.each([
  [{ mem: '4294967296', cpu: '2' }, 'cpu=2 mem=4.0GiB'],
  [{ cpu: '2.000000', mem: '268435456' }, 'cpu=2 mem=256.0MiB'],
  [{ 'cuda.shares': '0.50', cpu: '1' }, 'cpu=1 cuda.shares=0.5'],
  [{ 'cuda.device': '0', cpu: '10' }, 'cpu=10'],
  [{ mem: '4g' }, 'mem=4g'],
  [{ 'z.slot': '1', 'a.slot': '1', mem: '0' }, 'a.slot=1 z.slot=1'],
  [{}, ''],
])('%j reads as "%s"', (slots, text) => {
  expect(describeAmounts(slots)).toBe(text);
});
