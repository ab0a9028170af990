import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import type { Column } from '../../src/core/reporter.ts';
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

const row = ['a-name-of-a-session', 'RUNNING', 'registry/python:3.11-ubuntu22.04', '2f1c9b5e-7d0a'];
const wideColumns: readonly Column[] = [
  { title: 'NAME', least: 10 },
  { title: 'STATUS', gives: 'last' },
  { title: 'IMAGE', short: (image) => image.split('/').at(-1) ?? '' },
  { title: 'ID', short: (id) => id.slice(0, 8) },
];
const line = (width?: number, wide?: boolean): string | undefined =>
  alignedTable({ columns: wideColumns, rows: [row], ...(wide && { wide }) }, width).split('\n')[1];

test('on a narrow terminal the widest cells are cut first, then columns are left out', () => {
  expect(line(80)).toBe('a-name-of-a-session  RUNNING  python:3.11-ubuntu22.04  2f1c9b5e');
  expect(line(60)).toBe('a-name-of-a-session  RUNNING  python:3.11-ubuntu2…  2f1c9b5e');
  expect(line(42)).toBe('a-name-of…  RUNNING  python:3.1…  2f1c9b5e');
  expect(line(32)).toBe('a-name-of…  python:3.…  2f1c9b5e');
});

test('--wide, and a terminal that nobody told its size, show whole cells', () => {
  expect(line(40, true)).toBe(row.join('  '));
  expect(line(0)).toBe('a-name-of-a-session  RUNNING  python:3.11-ubuntu22.04  2f1c9b5e');
});

test('in a pipe nothing is shortened or cut', () => {
  expect(tabSeparated({ columns: wideColumns, rows: [row] })).toBe(row.join('\t'));
});

test('a column that gives way first goes before anything is cut', () => {
  const named: readonly Column[] = [{ title: 'NAME' }, { title: 'MORE', gives: 'first' }];
  const rows = [['a-name-of-a-session', 'something']];
  expect(alignedTable({ columns: named, rows }, 30)).toBe(
    'NAME                 MORE\na-name-of-a-session  something',
  );
  expect(alignedTable({ columns: named, rows }, 29)).toBe('NAME\na-name-of-a-session');
});

test('of paths the end stays', () => {
  const table = {
    columns: [{ title: 'KEY', cut: 'start' as const }],
    rows: [['~/.ssh/a-long-name/id_ed25519.pub']],
  };
  expect(alignedTable(table, 20)).toBe('KEY\n…name/id_ed25519.pub');
});

test('a cell that is whole is never cut', () => {
  const fingerprint = 'SHA256:qn7uJuSCQw/i4VdwHXOBup2Ik1zZOmT2iCGU0u6o8AY';
  const table = {
    columns: ['TYPE', { title: 'KEY', whole: true }],
    rows: [['ssh-ed25519-of-somebody', fingerprint]],
  };
  expect(alignedTable(table, 60)).toContain(fingerprint);
});

const cells = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.constantFrom('세션'.repeat(30), '👍🏽🇰🇷'.repeat(20), 'x'.repeat(20_000), 'a\nerror: b'),
);
const anyColumn = fc.record(
  {
    title: fc.constantFrom('NAME', 'RESOURCES', 'ID'),
    least: fc.integer({ min: 1, max: 20 }),
    gives: fc.constantFrom('first' as const, 'last' as const),
  },
  { requiredKeys: ['title'] },
);

test('whatever stands in it, no line of a table is wider than the terminal', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyColumn, cells, cells), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 30, max: 130 }),
      (made, width) => {
        const columns = made.map(([column]) => column);
        const rows = [made.map(([, cell]) => cell), made.map(([, , cell]) => cell)];
        for (const shown of alignedTable({ columns, rows }, width).split('\n'))
          expect(stringWidth(shown)).toBeLessThanOrEqual(width);
      },
    ),
    { numRuns: 100 },
  );
});
