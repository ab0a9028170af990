/** The options of ssh: single letters, of which some take a value. */

export const sshSwitches = '1246AaCfGgKkMNnqsTtVvXxYy';
export const sshValued = 'BbcDEeFIiJLlmOopPQRSWw';

/** The options before the command, each with its value. */
export function optionsIn(words: readonly string[]): readonly SshOption[] {
  const options: SshOption[] = [];
  for (let next = 0; next < words.length; ) {
    const option = optionOf(words[next] ?? '', words[next + 1]);
    if (option === undefined) break;
    options.push(option);
    next += option.words;
  }
  return options;
}

/** The same as words. */
export function leadingOptions(words: readonly string[]): readonly string[] {
  return words.slice(
    0,
    optionsIn(words).reduce((sum, option) => sum + option.words, 0),
  );
}

export interface SshOption {
  /** The letter that takes a value, or an empty text. */
  readonly flag: string;
  readonly value: string | undefined;
  /** The letters before it in the same word, such as `-N` of `-NL`. */
  readonly before: string;
  /** How many words it is. */
  readonly words: number;
}

const optionWord = new RegExp(`^-([${sshSwitches}]*)([${sshValued}]?)(.*)$`, 's');

/** One word of ssh's options, with the value that may be the word after it; nothing for a word that is no option. */
export function optionOf(word: string, following: string | undefined): SshOption | undefined {
  if (!/^-./.test(word) || word === '--') return undefined;
  const [, letters = '', flag = '', attached = ''] = optionWord.exec(word) ?? [];
  const before = letters === '' ? '' : `-${letters}`;
  if (flag === '' || attached !== '') return { flag, value: attached || undefined, before, words: 1 };
  return { flag, value: following, before, words: following === undefined ? 1 : 2 };
}

/** What the letters of ssh set. */
const settingsOfLetters: Readonly<Record<string, readonly string[]>> = {
  A: ['forwardagent'],
  a: ['forwardagent'],
  C: ['compression'],
  e: ['escapechar'],
  g: ['gatewayports'],
  X: ['forwardx11', 'forwardx11trusted'],
  x: ['forwardx11'],
  Y: ['forwardx11', 'forwardx11trusted'],
};

/** The settings that options of ssh say something of, in lower case. */
export function settingsIn(words: readonly string[]): ReadonlySet<string> {
  const names = optionsIn(words).flatMap(({ before, flag, value }) => {
    if (flag === 'o') return [settingOf(value).name, ...ofLetters(before)];
    return ofLetters(`${before}${flag}`);
  });
  return new Set(names);
}

function ofLetters(letters: string): readonly string[] {
  return letters.split('').flatMap((letter) => settingsOfLetters[letter] ?? []);
}

/** What stands behind `-o`; the name in lower case. */
export function settingOf(text = ''): { readonly name: string; readonly value: string } {
  const [, name = '', value = ''] = /^\s*(\w+)(?:\s*=\s*|\s+)(.*?)\s*$/s.exec(text) ?? [];
  return { name: name.toLowerCase(), value };
}

export interface ConfigurationWords {
  /** The last one counts, as for ssh. */
  readonly file: string | undefined;
  /** What is left. */
  readonly words: readonly string[];
}

/** Takes -F out of the words for ssh. */
export function takeConfiguration(all: readonly string[]): ConfigurationWords {
  const left: string[] = [];
  let file: string | undefined;
  let next = 0;
  for (const option of optionsIn(all)) {
    if (option.flag !== 'F') left.push(...all.slice(next, next + option.words));
    else {
      file = option.value;
      if (option.before !== '') left.push(option.before);
    }
    next += option.words;
  }
  return { file, words: [...left, ...all.slice(next)] };
}
