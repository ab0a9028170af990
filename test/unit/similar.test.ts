import fc from 'fast-check';
import { expect, test } from 'vitest';
import { similarNames } from '../../src/core/text/similar.ts';

test('a typing error finds the name that was meant', () => {
  expect(similarNames('trian-01', ['train-01', 'inference', 'notebook'])).toEqual(['train-01']);
});

test('the beginning of a name finds it', () => {
  expect(similarNames('note', ['train', 'notebook-of-kim'])).toEqual(['notebook-of-kim']);
});

test('the closest name comes first, each once, three at most', () => {
  expect(similarNames('demo1', ['demo33', 'demo2', 'demo2', 'demo1x', 'xemo9'])).toHaveLength(3);
  expect(similarNames('demo1', ['demo33', 'demo2'])[0]).toBe('demo2');
});

test('what is far off is not suggested', () => {
  expect(similarNames('alpha', ['omega-centauri', 'zzz'])).toEqual([]);
});

test('only candidates come back, whatever is asked', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (wanted, names) => {
      const found = similarNames(wanted, names);
      expect(found.every((name) => names.includes(name))).toBe(true);
      expect(found.length).toBeLessThanOrEqual(3);
    }),
  );
});
