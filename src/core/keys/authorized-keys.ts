/** Edits of an authorized_keys file that leave every other byte as it is. The text has one character for each byte. */

import { parsePublicLine } from './public-line.ts';

/** Servers read no further (dropbear) or lose time on it. */
const mostLines = 300;

/** With `line` as its last; nothing when a line with the same key is there. Throws nothing. */
export function withKey(content: string, line: string, isMeant: KeyTest): string | undefined {
  if (linesOf(content).some((each) => matches(each, isMeant))) return undefined;
  const start = content === '' || content.endsWith('\n') ? content : `${content}\n`;
  return `${start}${line}\n`;
}

/** Whether a further line would be one that dropbear does not read. */
export function isFull(content: string): boolean {
  return linesOf(content).length >= mostLines;
}

interface Removal {
  readonly content: string;
  readonly removed: number;
}

export function withoutKeys(content: string, isMeant: KeyTest): Removal {
  const lines = linesOf(content);
  const kept = lines.filter((line) => !matches(line, isMeant));
  return { content: kept.join(''), removed: lines.length - kept.length };
}

type KeyTest = (blob: Uint8Array) => boolean;

/** Each with its own line end, so that joining them gives the same bytes. */
function linesOf(content: string): string[] {
  return content.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function matches(line: string, isMeant: KeyTest): boolean {
  const key = parsePublicLine(line);
  return key !== undefined && isMeant(key.blob);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
