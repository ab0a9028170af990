/** Tables for people: aligned columns on a terminal, tab-separated fields in a pipe. */

import stringWidth from 'string-width';
import type { Table } from '../core/reporter.ts';
import { sanitizeLine } from '../core/sanitize.ts';

/** Header and rows, aligned by display width (CJK names count double). */
export function alignedTable(table: Table): string {
  const rows = [table.columns, ...table.rows].map((row) => row.map(cell));
  const widths = table.columns.map((_, column) =>
    Math.max(...rows.map((row) => stringWidth(row[column] ?? ''))),
  );
  return rows
    .map((row) =>
      row
        .map((text, column) => pad(text, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Rows only, one a line, fields joined by tabs: for `cut` and `awk`. */
export function tabSeparated(table: Table): string {
  return table.rows.map((row) => row.map(cell).join('\t')).join('\n');
}

function cell(text: string | undefined): string {
  return text === undefined || text === '' ? '-' : sanitizeLine(text);
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}
