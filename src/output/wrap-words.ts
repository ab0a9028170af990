/** Breaks a line for a terminal between words, and never inside of a command in backquotes: half of it cannot be copied. */

import stringWidth from 'string-width';

/** The first line begins after so many cells. What is wider than a line stays whole, and the terminal breaks it. */
export function wrapWords(text: string, columns: number, firstAt = 0): string {
  const lines: string[] = [];
  let line = '';
  let used = firstAt;
  for (const piece of text.match(/(?:`[^`]*`|[^\s`])+|`\S*/g) ?? []) {
    const width = stringWidth(piece);
    const isFirst = line === '' && (lines.length > 0 || firstAt === 0);
    const gap = line === '' ? 0 : 1;
    // The cell in the last column stays free: some terminals go on to the next line after it.
    if (!isFirst && used + gap + width >= columns) {
      lines.push(line);
      line = piece;
      used = width;
    } else {
      line += (gap === 0 ? '' : ' ') + piece;
      used += gap + width;
    }
  }
  return [...lines, line].join('\n');
}
