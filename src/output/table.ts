/** Tables for people: aligned columns on a terminal, tab-separated fields in a pipe. */

import stringWidth from 'string-width';
import type { Column, Table } from '../core/reporter.ts';
import { foreignStart, sanitizeLine } from '../core/text/sanitize.ts';
import { cutEnd, cutStart } from './fit-text.ts';

/** Header and rows, aligned by display width (CJK names count double), within so many cells; 0 is any number. */
export function alignedTable(table: Table, terminalWidth = 0): string {
  const isWide = table.wide === true;
  const room = isWide || terminalWidth <= 0 ? undefined : terminalWidth;
  const columns = table.columns.map(columnOf);
  const isHidden = columns.map(
    ({ hidesEmpty }, at) => hidesEmpty === true && !isWide && table.rows.every((row) => !row[at]),
  );
  const rows = table.rows.map((row) =>
    columns.map((column, at) => shownCell(row[at], at, { column, isWide, room })),
  );
  const widths = columns.map(({ title }, at) =>
    isHidden[at] ? 0 : Math.max(stringWidth(title), ...rows.map((row) => stringWidth(row[at] ?? ''))),
  );
  const fitted = room === undefined ? widths : fitColumns(columns, widths, room);
  return [columns.map(({ title }) => title), ...rows].map((row) => lineOf(row, fitted, columns)).join('\n');
}

interface Showing {
  readonly column: Column;
  readonly isWide: boolean;
  /** Of the whole line; nothing where there is no limit. */
  readonly room: number | undefined;
}

function shownCell(text: string | undefined, at: number, { column, isWide, room }: Showing): string {
  const wanted = isWide || column.short === undefined || text === undefined ? text : column.short(text);
  const shown = at === 0 ? foreignStart(cell(wanted)) : cell(wanted);
  // Measuring a text of a server is only worth it as far as it can be shown.
  return room === undefined || column.whole ? shown : cutTo(shown, room, column);
}

/** Rows only, one a line, whole fields joined by tabs: for `cut` and `awk`. */
export function tabSeparated(table: Table): string {
  return table.rows.map((row) => row.map(cell).join('\t')).join('\n');
}

const gap = '  ';
/** A cell that is cut shows that much at least. */
const leastWidth = 8;
const hardLeast = 4;

/** The width of each column, 0 for those that are left out. */
function fitColumns(columns: readonly Column[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  const least = columns.map(({ title, whole, least: wish = leastWidth }, at) =>
    whole ? (natural[at] ?? 0) : Math.min(natural[at] ?? 0, Math.max(stringWidth(title), wish)),
  );
  const leaveOut = (at: number): void => {
    widths[at] = 0;
    least[at] = 0;
  };
  for (let at = columns.length - 1; at >= 0 && total(widths) > room; at -= 1)
    if (columns[at]?.gives === 'first') leaveOut(at);
  for (let at = columns.length - 1; at >= 0 && total(least) > room; at -= 1)
    if (columns[at]?.gives === 'last') leaveOut(at);
  shrink(widths, least, room);
  // On a terminal so narrow that this is not enough, nothing but what is whole keeps its width.
  shrink(
    widths,
    widths.map((width, at) => (columns[at]?.whole ? width : Math.min(width, hardLeast))),
    room,
  );
  return widths;
}

/** The widest give way, until all that can are at their least. */
function shrink(widths: number[], least: readonly number[], room: number): void {
  for (let excess = total(widths) - room; excess > 0; excess -= 1) {
    const slack = widths.map((width, at) => (width > (least[at] ?? 0) ? width : 0));
    const widest = Math.max(...slack);
    if (widest === 0) return;
    widths[slack.indexOf(widest)] = widest - 1;
  }
}

function total(widths: readonly number[]): number {
  const shown = widths.filter((width) => width > 0);
  return shown.reduce((sum, width) => sum + width, 0) + gap.length * Math.max(0, shown.length - 1);
}

function lineOf(row: readonly string[], widths: readonly number[], columns: readonly Column[]): string {
  return row
    .flatMap((text, at) => {
      const width = widths[at] ?? 0;
      return width === 0 ? [] : [pad(cutTo(text, width, columns[at]), width)];
    })
    .join(gap)
    .trimEnd();
}

function cutTo(text: string, width: number, column: Column | undefined): string {
  return column?.cut === 'start' ? cutStart(text, width) : cutEnd(text, width);
}

function columnOf(column: string | Column): Column {
  return typeof column === 'string' ? { title: column } : column;
}

function cell(text: string | undefined): string {
  return text === undefined || text === '' ? '-' : sanitizeLine(text);
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}
