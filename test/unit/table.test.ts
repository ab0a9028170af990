import { expect, test } from 'vitest';
import { alignedTable, tabSeparated } from '../../src/output/table.ts';

const columns = ['NAME', 'STATUS'];

test('columns are aligned, with a header', () => {
  const rows = [
    ['demo', 'RUNNING'],
    ['a-longer-name', 'ERROR'],
  ];
  expect(alignedTable({ columns, rows }).split('\n')).toEqual([
    'NAME           STATUS',
    'demo           RUNNING',
    'a-longer-name  ERROR',
  ]);
});

test('wide letters count as the two cells they take', () => {
  const rows = [
    ['세션', 'A'],
    ['abcd', 'B'],
  ];
  expect(alignedTable({ columns: ['N', 'S'], rows }).split('\n')[1]).toBe('세션  A');
});

test('in a pipe there are rows only, their fields joined by tabs', () => {
  const rows = [
    ['demo', 'RUNNING'],
    ['two', undefined],
  ];
  expect(tabSeparated({ columns, rows })).toBe('demo\tRUNNING\ntwo\t-');
});

test('an empty cell is a dash', () => {
  expect(alignedTable({ columns, rows: [['', undefined]] }).split('\n')[1]).toBe('-     -');
});

test('a cell can end neither its field nor its line', () => {
  const rows = [['a\tb\nc\u001b[2J', 'x']];
  expect(tabSeparated({ columns, rows })).toBe('a\\tb\\nc\\x1b[2J\tx');
  expect(alignedTable({ columns, rows }).split('\n')).toHaveLength(2);
});
