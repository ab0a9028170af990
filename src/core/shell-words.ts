/** One line of a command language as words: blanks separate, quotes and backslashes keep together. */

import { UsageError } from '../errors.ts';

/** `#` begins a comment where a word could begin. Throws UsageError for a quote without an end. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    const next = line[at + 1];
    if (quote !== '') {
      if (character === quote) quote = '';
      else if (character === '\\' && quote === '"' && (next === '"' || next === '\\')) {
        word += next;
        at += 1;
      } else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (character === '\\' && next !== undefined) {
      word = (word ?? '') + next;
      at += 1;
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === '#' && word === undefined) break;
    else word = (word ?? '') + character;
  }
  if (quote !== '') throw new UsageError(`the quote ${quote} has no end`);
  return word === undefined ? words : [...words, word];
}

/** The word as it has to be typed for `splitWords` to give it back. */
export function escapeWord(word: string): string {
  return word.replace(/[\s"'\\#]/g, '\\$&');
}
