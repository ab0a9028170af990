/** The last lines of a terminal, drawn again and again, with everything else printed above them. */

import stringWidth from 'string-width';
import type { LocalOutput } from '../core/local-streams.ts';

export interface LiveArea {
  /** Replaces what is drawn; no line may be wider than the terminal. */
  draw(lines: readonly string[]): void;
  /** Prints whole lines (with their newlines) above. */
  print(text: string): void;
  clear(): void;
}

const eraseBelow = '\u001b[J';
const eraseToEnd = '\u001b[K';

export function createLiveArea(stream: LocalOutput): LiveArea {
  let drawn: readonly string[] = [];
  /** From the end of the last line to the start of the first; a terminal made narrower has wrapped them. */
  const toStart = (): string => {
    if (drawn.length === 0) return '';
    const columns = stream.columns || 80;
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(stringWidth(line) / columns)), 0);
    return rows > 1 ? `\r\u001b[${rows - 1}A` : '\r';
  };
  const body = (lines: readonly string[]): string =>
    lines.length === 0 ? '' : `${lines.map((line) => line + eraseToEnd).join('\n')}${eraseBelow}`;
  return {
    draw(lines) {
      if (lines.length === 0 && drawn.length === 0) return;
      // One write each time: what two processes print then never ends up in the middle of it.
      stream.write(toStart() + (lines.length === 0 ? eraseBelow : body(lines)));
      drawn = lines;
    },
    print(text) {
      stream.write(drawn.length === 0 ? text : toStart() + eraseBelow + text + body(drawn));
    },
    clear() {
      if (drawn.length === 0) return;
      stream.write(toStart() + eraseBelow);
      drawn = [];
    },
  };
}
