/** Quotes words for the commands bai prints for people to copy. bai itself runs no shell. */

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
