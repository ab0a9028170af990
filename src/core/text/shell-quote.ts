/** Quotes words for the commands bai prints for people to copy. bai itself runs no shell. */

import { escapeUnseen } from './sanitize.ts';

/** POSIX: plain words stay, the rest goes into single quotes. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) && !word.startsWith('-')
    ? word
    : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A whole command; words that begin with a dash are options and stay as they are when they are plain. */
export function shellCommand(words: readonly string[]): string {
  return words.map((word) => (/^-[A-Za-z0-9_@%+=:,./-]*$/.test(word) ? word : shellQuote(word))).join(' ');
}

/**
 * A whole command in one line, to be copied by hand: what is not seen is written as `$'\n'`, which bash, zsh, ksh and POSIX of 2024 read. Between
 * programs `shellCommand` is the right one: not every `/bin/sh` knows that form.
 */
export function shellLine(words: readonly string[]): string {
  return words.map((word) => (hasUnseen(word) ? ansiQuote(word) : shellCommand([word]))).join(' ');
}

function hasUnseen(word: string): boolean {
  return escapeUnseen(word, () => '') !== word;
}

function ansiQuote(word: string): string {
  return `$'${escapeUnseen(word.replaceAll(/[\\']/g, '\\$&'), ansiEscape)}'`;
}

/** A byte alone (`\xad`) would be no character. */
function ansiEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x80) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x1_0000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
