/** One line of a command language as words: blanks separate, quotes and backslashes keep together. */

import { UsageError } from '../../errors.ts';
import { escapeUnseen, sanitizeLine, visible } from './sanitize.ts';

/** A blank, a quoted part in each manner (`$'…'`, `'…'`, `"…"`), an escaped character, a quote without an end, any other character. */
const part =
  /(?<blank>\s+)|\$'(?<ansi>(?:\\[\s\S]|[^'\\])*)'|'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\["\\]|\\(?!["\\]))*)"|(?<open>\$'|["'])|\\(?<escaped>[\s\S])|(?<plain>[\s\S])/g;

/** What a backslash does outside of quotes. */
export interface BackslashRule {
  /** Whether it takes its meaning from what comes behind it; before anything else it is a character like any. */
  escapes(this: void, character: string): boolean;
  /** A word may begin with two of them, and keeps both. */
  readonly beginsShares?: boolean;
}

/** Whatever comes behind it is no more than itself. */
export const posixRule: BackslashRule = { escapes: () => true };

/** `#` begins a comment where a word could begin. Throws UsageError for a quote without an end. */
export function splitWords(line: string, rule: BackslashRule = posixRule): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const { groups = {}, index } of line.matchAll(part)) {
    if (groups['open'] !== undefined) throw new UsageError(`the quote ${groups['open']} has no end`);
    if (groups['blank'] !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (groups['plain'] === '#' && word === undefined) return words;
    else if (groups['escaped'] !== undefined) {
      const isShare = word === undefined && rule.beginsShares === true && share.test(line.slice(index));
      word = (word ?? '') + (isShare || !rule.escapes(groups['escaped']) ? '\\' : '') + groups['escaped'];
    } else word = (word ?? '') + textOf(groups);
  }
  return word === undefined ? words : [...words, word];
}

/** `\\server\share`, `\\?\C:\x` */
const share = /^\\\\[\p{L}\p{N}?.]/u;

function textOf({ ansi, single, double, plain }: Readonly<Record<string, string | undefined>>): string {
  if (ansi !== undefined)
    return ansi.replace(/\\(u\{[0-9a-f]{1,6}\}|u[0-9a-f]{4}|x[0-9a-f]{2}|[\s\S])/gi, characterOf);
  return single ?? double?.replace(/\\(["\\])/g, '$1') ?? plain ?? '';
}

const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'" };

/** What a shell's `$'…'` has, of that what names of files need. */
function characterOf(written: string, name: string): string {
  const code = Number.parseInt(name.replace(/[ux{}]/gi, ''), 16);
  const text = name.length > 1 && code <= 0x10_ffff ? String.fromCodePoint(code) : letters[name];
  if (text === undefined) throw new UsageError(`${written} stands for no character`);
  return text;
}

/** The word as it has to be typed for `splitWords` to give it back; what is not seen is written as `$'\u200b'`. */
export function escapeWord(word: string): string {
  const quoted = word.replace(/[\s"'\\#]/g, (c) => (sanitizeLine(c) === c ? `\\${c}` : c));
  return escapeUnseen(quoted, (character) => `$'${visible(character)}'`);
}
