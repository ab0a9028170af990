/**
 * What is new in a log that is given as a whole each time, and loses its beginning once it is long. Of what was seen before only the end
 * is kept.
 */

export interface LogPlace {
  /** The end of what has been told, of at most `keptCharacters`. */
  readonly tail: string;
  /** Of the text at the last look, as far as it was told. */
  readonly length: number;
}

export interface LogStep {
  readonly place: LogPlace;
  readonly fresh: string;
  /** `cut`: the beginning is gone, and nothing else; `lost`: what comes between the two looks may be gone as well. */
  readonly gap: 'none' | 'cut' | 'lost';
}

export const keptCharacters = 64 * 1024;
/** Shorter ones come about by chance. */
const leastOverlap = 32;

export const beforeAll: LogPlace = { tail: '', length: 0 };

/** `isLast`: nothing will be added, so nothing is held back. */
export function advance({ tail, length }: LogPlace, text: string, isLast = false): LogStep {
  const whole = isLast ? text : withoutHalves(text);
  // Between a container and its saved log there may be a moment without either.
  if (whole === '') return { place: { tail, length }, fresh: '', gap: 'none' };
  const { end, gap } = endOfKnown(whole, { tail, length });
  const told = Math.max(end, 0);
  return { place: placeAfter(whole), fresh: whole.slice(told), gap };
}

/** Where what is new begins. */
function endOfKnown(text: string, { tail, length }: LogPlace): { end: number; gap: LogStep['gap'] } {
  if (length === 0) return { end: 0, gap: 'none' };
  if (text.length >= length && text.startsWith(tail, length - tail.length))
    return { end: length, gap: 'none' };
  // It can only have moved towards the beginning. Of several places the last one is meant, so that nothing is told twice.
  const known = lastEnd(text.slice(0, length), tail);
  if (known !== undefined) return { end: known, gap: 'cut' };
  const overlap = longestOverlap(tail, text);
  return overlap >= leastOverlap ? { end: overlap, gap: 'cut' } : { end: 0, gap: 'lost' };
}

/** Where `part` ends the last time; nothing where it does not stand in the text. */
function lastEnd(text: string, part: string): number | undefined {
  let last: number | undefined;
  walk(text, part, (matched, end) => {
    if (matched === part.length) last = end;
  });
  return last;
}

/** How many characters at the end of `tail` are the beginning of `text`. */
function longestOverlap(tail: string, text: string): number {
  let overlap = 0;
  walk(tail, text.slice(0, tail.length), (matched) => {
    overlap = matched;
  });
  return overlap;
}

/**
 * Tells at each place of the text how many characters of the beginning of `part` end there. After Knuth, Morris and Pratt: however
 * much a log is alike, this takes no longer than to read it.
 */
function walk(text: string, part: string, tell: (matched: number, end: number) => void): void {
  const borders = new Uint32Array(part.length);
  const longer = (matched: number, unit: number): number => {
    let length = matched;
    while (length > 0 && (length === part.length || part.charCodeAt(length) !== unit))
      length = borders[length - 1] ?? 0;
    return part.charCodeAt(length) === unit ? length + 1 : 0;
  };
  for (let at = 1, border = 0; at < part.length; at += 1) {
    border = longer(border, part.charCodeAt(at));
    borders[at] = border;
  }
  for (let at = 0, matched = 0; at < text.length; at += 1) {
    matched = longer(matched, text.charCodeAt(at));
    tell(matched, at + 1);
  }
}

/** A copy: a slice would keep the whole log in memory. */
function placeAfter(text: string): LogPlace {
  return { tail: text.slice(-keptCharacters).split('').join(''), length: text.length };
}

/**
 * What the end of a text may be a part of: a character whose other bytes have not come (a reader of bytes makes U+FFFD of it), a half of a
 * pair, a line break of two.
 */
function withoutHalves(text: string): string {
  let end = text.length;
  while (end > 0 && text.length - end < 4 && isHalf(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

function isHalf(unit: number): boolean {
  return unit === 0x0d || unit === 0xfffd || (unit >= 0xd800 && unit <= 0xdbff);
}

/** The last lines, whole; all where there are no more. */
export function lastLines(text: string, count: number): string {
  if (count === 0) return '';
  let at = text.endsWith('\n') ? text.length - 1 : text.length;
  for (let left = count; left > 0; left -= 1) {
    at = at === 0 ? -1 : text.lastIndexOf('\n', at - 1);
    if (at < 0) return text;
  }
  return text.slice(at + 1);
}
