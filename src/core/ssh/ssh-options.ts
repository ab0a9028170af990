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

interface SshOption {
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
function optionOf(word: string, following: string | undefined): SshOption | undefined {
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

interface ConfigurationWords {
  /** The last one counts, as for ssh. */
  readonly file: string | undefined;
  /** What is left. */
  readonly words: readonly string[];
}

/** Takes -F out of the words for ssh. */
export function takeConfiguration(all: readonly string[]): ConfigurationWords {
  let file: string | undefined;
  const words = rewriteOptions(all, (option, own) => {
    if (option.flag !== 'F') return own;
    file = option.value;
    return option.before === '' ? [] : [option.before];
  });
  return { file, words };
}

/** How ssh would come to a host of the user's: from which address, over what, and what the host is called really. */
const settingsOfWay: ReadonlySet<string> = new Set([
  'bindaddress',
  'bindinterface',
  'hostname',
  'proxycommand',
  'proxyusefdpass',
]);

/**
 * Takes out what says how to come to the host, which for ssh is a port of this machine. IPv4 stays: it is true, and holds for
 * forwarded ports too.
 */
export function withoutWay(all: readonly string[]): readonly string[] {
  return rewriteOptions(all, (option, own) => {
    const { name, value } = settingOf(option.flag === 'o' ? option.value : '');
    const isWay =
      /^[Bb]$/.test(option.flag) ||
      settingsOfWay.has(name) ||
      (name === 'addressfamily' && /^inet6$/i.test(value));
    const before = option.before.replaceAll('6', '');
    if (!isWay && before === option.before) return own;
    const rest = isWay || option.flag === '' ? [] : [`-${option.flag}`, ...optional(option.value)];
    return [...(before.length > 1 ? [before] : []), ...rest];
  });
}

function optional(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}

/** The options before the command by what `rewrite` makes of each and its words, and the command as it is. */
export function rewriteOptions(
  all: readonly string[],
  rewrite: (option: SshOption, own: readonly string[]) => readonly string[],
): readonly string[] {
  let next = 0;
  const options = optionsIn(all).flatMap((option) => {
    const own = all.slice(next, next + option.words);
    next += option.words;
    return rewrite(option, own);
  });
  return [...options, ...all.slice(next)];
}
