/** Words as they stand in an ssh configuration, on a line of a file or behind `-o`. */

/**
 * ssh up to 8.6 takes all between two `"` as it is; later ones also know a backslash, in front of quotes and of another one.
 * A path with a `"` can only be said to the latter.
 */
export function configWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `"${text.replaceAll(/"|\\(?=["'\\]|$)/g, '\\$&')}"`;
}

/** A path, of which no `%` begins a token. */
export function configPath(path: string): string {
  return configWord(percentDoubled(path));
}

/** In file names of ssh `%` begins a token. */
export function percentDoubled(path: string): string {
  return path.replaceAll('%', '%%');
}

/** For Include, which takes a pattern. Windows' ssh makes slashes of backslashes before it looks, so none can hide a bracket there. */
export function literalPattern(path: string, platform?: NodeJS.Platform): string {
  return platform === 'win32' ? path.replaceAll('[', '[[]') : path.replaceAll(/[\\*?[\]]/g, '\\$&');
}

/**
 * A path of this machine as ssh's files have it. Windows takes both separators; a backslash means something else to ssh, and to the
 * shell of another ssh on that machine.
 */
export function slashed(path: string, platform?: NodeJS.Platform): string {
  return platform === 'win32' ? path.replaceAll('\\', '/') : path;
}

export interface PlacedWord {
  /** Without the quotes. */
  readonly text: string;
  /** Where it stands in the line, quotes included. */
  readonly start: number;
  readonly end: number;
}

/** The words of a line, as ssh from 8.7 on takes it apart; nothing when a quote has no end, which ssh refuses. */
export function configWords(line: string): readonly PlacedWord[] | undefined {
  const words: PlacedWord[] = [];
  for (let at = 0; at < line.length; ) {
    if (/[ \t\r\n]/.test(line.charAt(at))) at += 1;
    else {
      if (line[at] === '#') break;
      const word = wordAt(line, at);
      if (word === undefined) return undefined;
      words.push(word);
      at = word.end;
    }
  }
  return words;
}

function wordAt(line: string, start: number): PlacedWord | undefined {
  let [text, quote, at] = ['', '', start];
  for (; at < line.length; at += 1) {
    const character = line.charAt(at);
    const next = line.charAt(at + 1);
    if (character === '\\' && (/["'\\]/.test(next) || (quote === '' && next === ' '))) {
      text += next;
      at += 1;
    } else if (quote === '' && /[ \t\r\n]/.test(character)) break;
    else if (quote === '' && /["']/.test(character)) quote = character;
    else if (quote !== '' && character === quote) quote = '';
    else text += character;
  }
  return quote === '' ? { text, start, end: at } : undefined;
}
