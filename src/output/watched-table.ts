/** A table that changes: drawn in place at the end of a terminal, or told line by line. */

import stringWidth from 'string-width';
import type { LocalOutput } from '../core/local-streams.ts';
import type { Table, WatchedTable } from '../core/reporter.ts';
import { conversationLine } from '../core/text/sanitize.ts';
import { cutEnd } from './fit-text.ts';
import type { LiveArea } from './live-area.ts';
import { alignedTable, tabSeparated } from './table.ts';

/** What was drawn last stays on the terminal. */
export function drawnTable(area: LiveArea, stdout: LocalOutput, onEnd: () => void): WatchedTable {
  let hasDrawn = false;
  return {
    isDrawn: true,
    draw(table, note) {
      // The cell in the last column is where some terminals erase too much.
      const columns = Math.max(1, (stdout.columns || 80) - 1);
      const said = note === undefined ? [] : [cutEnd(conversationLine(note), columns)];
      const room = Math.max(2, (stdout.rows || 24) - 1 - said.length);
      area.draw([...linesOf(table, columns, room), ...said]);
      hasDrawn = true;
    },
    tell: () => {},
    [Symbol.dispose]() {
      onEnd();
      if (hasDrawn) stdout.write('\n');
    },
  };
}

/** As many rows as the terminal has room for, and how many more there are. */
function linesOf(table: Table, columns: number, room: number): readonly string[] {
  if (table.rows.length === 0) return [];
  const lines = alignedTable(table, columns).split('\n');
  let [kept, used] = [0, 0];
  for (const line of lines) {
    used += Math.max(1, Math.ceil(stringWidth(line) / (columns + 1)));
    if (used > room) break;
    kept += 1;
  }
  if (kept === lines.length) return lines;
  const shown = Math.max(1, kept - 1);
  return [...lines.slice(0, shown), `… ${lines.length - shown} more`];
}

export function toldTable(stdout: LocalOutput): WatchedTable {
  return {
    isDrawn: false,
    draw: () => {},
    tell: (_, cells) => void stdout.write(`${tabSeparated({ columns: [], rows: [cells] })}\n`),
    [Symbol.dispose]: () => {},
  };
}
