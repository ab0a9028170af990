/** Quotes words for cmd.exe and PowerShell, in commands that bai prints for people to copy. bai itself runs no shell. */

const plainWord = /^[A-Za-z0-9_@+=:./\\-]+$/;

/** Between double quotes these mean nothing to either shell; a backslash at the end would mean something to the program. */
const quotable = /^[^"%$`\u201c-\u201e\p{Cc}]*[^"%$`\u201c-\u201e\p{Cc}\\]$/u;

/**
 * For cmd.exe, typed or pasted. Programs take a doubled quote within quotes for one; a `%` would begin a variable even within
 * quotes, and outside of them a caret hides it.
 */
export function cmdCommand(words: readonly string[]): string {
  return words.map((word) => (plainWord.test(word) ? word : cmdQuote(word))).join(' ');
}

function cmdQuote(word: string): string {
  return `"${doubled(word, /\\+(?=%|$)/g)}"`.replaceAll('%', '"^%"');
}

/** Quotes, and backslashes before them: `closing` are those before a quote that is still to come. */
function doubled(word: string, closing: RegExp): string {
  return word.replaceAll(/(\\*)"/g, '$1$1""').replaceAll(closing, '$&$&');
}

/**
 * For PowerShell. What it makes of a quote inside an argument depends on its version, so with one of those a program is told to take the
 * rest of the line as it stands. Not bai: npm starts that by a script, which knows no such thing, and PowerShell from 7.3 on passes it on.
 */
export function powershellCommand(words: readonly string[]): string {
  const [program = '', ...rest] = words;
  const start = plainWord.test(program) ? program : `& ${powershellQuote(program)}`;
  if (program !== 'bai' && rest.some((word) => word.includes('"'))) {
    return `${start} --% ${rest.map((word) => (plainWord.test(word) ? word : verbatim(word))).join(' ')}`;
  }
  return [start, ...rest.map((word) => (isBare(word) ? word : powershellQuote(word)))].join(' ');
}

/** `@` begins a splat, `--` is dropped before a script, an option is cut in two at its first point or colon, and numbers lose their form. */
function isBare(word: string): boolean {
  return plainWord.test(word) && !/^@|^--$|^-.*[.:]/.test(word) && !numberLike.test(word);
}

/** But for whole ones as people write them. */
const numberLike = /^(?![1-9]\d{0,8}$|0$)[+-]?(?:0x[\da-f]+|\d*\.?\d+(?:e[+-]?\d+)?)[a-z]{0,4}$/i;

/** As cmd.exe has it where both read the same. PowerShell takes curly quotes for straight ones. */
function powershellQuote(word: string): string {
  if (quotable.test(word)) return `"${word}"`;
  return `'${word.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`;
}

function verbatim(word: string): string {
  return `"${doubled(word, /\\+$/g)}"`;
}
