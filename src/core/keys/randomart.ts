/** The picture ssh-keygen draws of a fingerprint: a walk of 2 bits a step on a small board. */

const columns = 17;
const rows = 9;
/** By how often a field was visited. */
const marks = ' .o+=*BOX@%&#/^';

/** `title` is such as `ED25519 256`, `digest` the bytes of the fingerprint and `hash` what made them. */
export function randomart(digest: Uint8Array, title: string, hash: string): string[] {
  const visits = Array.from({ length: rows }, () => Array.from({ length: columns }, () => 0));
  const [startX, startY] = [(columns - 1) / 2, (rows - 1) / 2];
  let [x, y] = [startX, startY];
  for (const byte of digest) {
    for (let shift = 0; shift < 8; shift += 2) {
      x = clamp(x + (((byte >> shift) & 1) === 1 ? 1 : -1), columns);
      y = clamp(y + (((byte >> shift) & 2) === 2 ? 1 : -1), rows);
      const row = visits[y] ?? [];
      row[x] = (row[x] ?? 0) + 1;
    }
  }
  const mark = (count: number, column: number, row: number): string => {
    if (column === x && row === y) return 'E';
    if (column === startX && row === startY) return 'S';
    return marks[Math.min(count, marks.length - 1)] ?? ' ';
  };
  const board = visits.map((row, at) => `|${row.map((count, column) => mark(count, column, at)).join('')}|`);
  return [border(title.length + 2 <= 16 ? title : (title.split(' ')[0] ?? '')), ...board, border(hash)];
}

function border(words: string): string {
  const label = `[${words}]`;
  const before = Math.floor((columns - label.length) / 2);
  return `+${'-'.repeat(before)}${label}${'-'.repeat(columns - label.length - before)}+`;
}

function clamp(value: number, size: number): number {
  return Math.max(0, Math.min(size - 1, value));
}
