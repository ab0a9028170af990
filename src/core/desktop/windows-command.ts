/** Quotes words for cmd.exe and PowerShell, in commands that bai prints for people to copy. bai itself runs no shell. */

const plainWord = /^[A-Za-z0-9_@+=:./\\-]+$/;

/**
 * For cmd.exe, typed or pasted. Programs take a doubled quote within quotes for one; a `%` would begin a variable even within
 * quotes, and outside of them a caret hides it.
 */
export function cmdCommand(words: readonly string[]): string {
  return words.map((word) => (plainWord.test(word) ? word : cmdQuote(word))).join(' ');
}

function cmdQuote(word: string): string {
  const doubled = word.replaceAll('"', '""');
  const closed = /\\+$/.test(doubled) ? doubled.replace(/\\+$/, '$&$&') : doubled;
  return `"${closed}"`.replaceAll('%', '"^%"');
}

/**
 * For PowerShell. What it makes of a quote inside an argument depends on its version, so with one of those it is told to pass the rest
 * of the line on as it stands.
 */
export function powershellCommand(words: readonly string[]): string {
  const [program = '', ...rest] = words;
  if (rest.some((word) => word.includes('"'))) {
    return `${program} --% ${rest.map((word) => (plainWord.test(word) ? word : verbatim(word))).join(' ')}`;
  }
  const quoted = rest.map((word) =>
    plainWord.test(word) && !word.startsWith('@') ? word : `'${word.replaceAll("'", "''")}'`,
  );
  return [program, ...quoted].join(' ');
}

function verbatim(word: string): string {
  return `"${word.replaceAll('"', '""')}"`;
}
