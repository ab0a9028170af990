/** What changes between two texts, for people: the lines that differ, and a few around them. */

const linesAround = 2;

/**
 * Lines that begin with `-`, `+` or a space. Everything between the first and the last difference counts as changed.
 * Nothing for equal texts; a text that is not there has no lines.
 */
export function lineDiff(before: string | undefined, after: string | undefined): string[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  const most = Math.min(old.length, now.length);
  let top = 0;
  while (top < most && old[top] === now[top]) top += 1;
  if (top === old.length && top === now.length) return [];
  let bottom = 0;
  while (bottom < most - top && old.at(-1 - bottom) === now.at(-1 - bottom)) bottom += 1;
  const marked = (mark: string, lines: readonly string[]): string[] => lines.map((line) => mark + line);
  return [
    ...marked(' ', old.slice(Math.max(0, top - linesAround), top)),
    ...marked('-', old.slice(top, old.length - bottom)),
    ...marked('+', now.slice(top, now.length - bottom)),
    ...marked(' ', old.slice(old.length - bottom, old.length - bottom + linesAround)),
  ];
}

function linesOf(text: string | undefined): string[] {
  if (text === undefined || text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}
