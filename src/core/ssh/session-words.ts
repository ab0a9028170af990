/**
 * The words of `bai ssh` and `bai exec` as commander is to read them: bai's own options, `--`, the session, and all that
 * is not bai's. As for ssh, what follows the session is for ssh up to the command. bai's own options may stand
 * among ssh's: those are single letters and bai's are words, but for a few letters that both have.
 */

import { UsageError } from '../../errors.ts';
import { settingOf, sshSwitches, sshValued } from './ssh-options.ts';

interface OwnOption {
  /** With their dashes, e.g. `-p` and `--port`. */
  readonly names: readonly string[];
  readonly takesValue: boolean;
}

/** What may follow the session: options of ssh and a command, or a command alone. */
export type WordsAfterSession = 'ssh' | 'command';

/** Throws a UsageError for an option of bai's own where only ssh's can be. */
export function arrangeWords(
  words: readonly string[],
  own: readonly OwnOption[],
  after: WordsAfterSession,
): readonly string[] {
  return new Arrangement(own, after).arrange(words);
}

/** ssh hears of it too. */
const shared = 'q';
/** Behind the session it is ssh's version that is asked for, and a tag of ssh's configuration that is given. */
const ofSshBehindSession = 'VP';

/** What ssh's configuration calls by a name and bai by an option of its own. */
const settingNames: ReadonlyMap<string, string> = new Map([
  ['user', '--user'],
  ['identityfile', '--identity'],
]);

class Arrangement {
  readonly #options: readonly OwnOption[];
  readonly #after: WordsAfterSession;
  readonly #own: string[] = [];
  readonly #forSsh: string[] = [];
  readonly #given = new Set<OwnOption>();
  #session: string | undefined;
  #isBehindDashes = false;
  #lacksValue = false;

  constructor(options: readonly OwnOption[], after: WordsAfterSession) {
    this.#options = options;
    this.#after = after;
  }

  arrange(words: readonly string[]): readonly string[] {
    for (let next = 0; next < words.length; ) {
      const word = words[next] ?? '';
      const rest = words.slice(next + 1);
      if (word === '--') {
        if (this.#session === undefined) return this.#literally(rest);
        if (this.#after === 'command') return this.#result(rest);
        // PowerShell drops the first, so it may mean nothing; a second one is ssh's, before a command.
        if (this.#isBehindDashes) return this.#result([word, ...rest]);
        this.#isBehindDashes = true;
        next += 1;
      } else if (word.startsWith('--')) next += this.#takeWord(word, rest[0]);
      else if (/^-./.test(word)) next += this.#takeLetters(word, rest[0]);
      else if (this.#session !== undefined) return this.#result([word, ...rest]);
      else {
        this.#takeSession(word);
        next += 1;
      }
    }
    return this.#result([]);
  }

  /** Behind dashes in front of the session nothing is an option of bai's. */
  #literally([session, ...rest]: readonly string[]): readonly string[] {
    if (session !== undefined) this.#takeSession(session);
    return this.#result(rest);
  }

  #result(command: readonly string[]): readonly string[] {
    // commander says which it is that is missing.
    if (this.#session === undefined || this.#lacksValue) return this.#own;
    return [...this.#own, '--', this.#session, ...this.#forSsh, ...command];
  }

  /** `USER@SESSION`, as for ssh: names of sessions have no `@`. */
  #takeSession(word: string): void {
    const [, user, name] = /^([^@]+)@([^@]+)$/.exec(word) ?? [];
    if (user !== undefined && !this.#isGiven('--user')) this.#takeOwn('--user', user);
    this.#session = name ?? word;
  }

  /** Returns how many words it took. */
  #takeWord(word: string, following: string | undefined): number {
    const name = word.replace(/=.*$/s, '');
    if (this.#isBehindDashes) {
      throw new UsageError(`${name} comes after "--", where only options of ssh and a command can be`, {
        hint: `write ${name} before "--"`,
      });
    }
    if (word !== name || this.#option(name)?.takesValue !== true) {
      this.#takeOwn(word);
      return 1;
    }
    this.#takeOwnValued(name, following);
    return 2;
  }

  /** One letter after the other. The value of one is what is left of the word, or the next word. */
  #takeLetters(word: string, following: string | undefined): number {
    let switches = '';
    for (let at = 1; at < word.length; at += 1) {
      const letter = word.charAt(at);
      const attached = word.slice(at + 1);
      const [isOwn, takesValue] = this.#kindOf(letter);
      if (takesValue) {
        if (isOwn) this.#takeSwitches(switches);
        if (isOwn) this.#takeOwnValued(`-${letter}`, attached || following);
        else this.#takeValued(`${switches}${letter}`, attached, following);
        return attached === '' && following !== undefined ? 2 : 1;
      }
      if (isOwn) this.#takeOwn(`-${letter}`);
      if (!isOwn || (this.#after === 'ssh' && shared.includes(letter))) switches += letter;
    }
    this.#takeSwitches(switches);
    return 1;
  }

  /** Whether the letter is bai's, and whether it takes a value. A letter that nobody knows is bai's to refuse. */
  #kindOf(letter: string): readonly [isOwn: boolean, takesValue: boolean] {
    const option = this.#option(`-${letter}`);
    const isOfSsh = this.#after === 'ssh' && (sshSwitches + sshValued).includes(letter);
    // ssh takes several keys, and bai one.
    const isMore = option !== undefined && this.#given.has(option);
    const isBehind = this.#session !== undefined && ofSshBehindSession.includes(letter);
    if (isOfSsh && (option === undefined || isMore || isBehind)) return [false, sshValued.includes(letter)];
    return [true, option?.takesValue === true];
  }

  #takeSwitches(letters: string): void {
    if (letters !== '') this.#forSsh.push(`-${letters}`);
  }

  #takeValued(letters: string, attached: string, following: string | undefined): void {
    const value = attached || following;
    const { name: setting, value: wish } = settingOf(letters.endsWith('o') ? value : '');
    const name = settingNames.get(setting);
    if (name !== undefined && wish !== 'none' && !this.#isGiven(name)) {
      this.#takeSwitches(letters.slice(0, -1));
      this.#takeOwn(name, wish);
      return;
    }
    this.#forSsh.push(`-${letters}${attached}`);
    if (attached === '' && value !== undefined) this.#forSsh.push(value);
  }

  #takeOwn(word: string, value?: string): void {
    const option = this.#option(word.replace(/=.*$/s, ''));
    if (option !== undefined) this.#given.add(option);
    this.#own.push(word);
    if (value !== undefined) this.#own.push(value);
  }

  #takeOwnValued(name: string, value: string | undefined): void {
    this.#takeOwn(name, value);
    this.#lacksValue = value === undefined;
  }

  #isGiven(name: string): boolean {
    const option = this.#option(name);
    return option !== undefined && this.#given.has(option);
  }

  #option(name: string): OwnOption | undefined {
    return this.#options.find(({ names }) => names.includes(name));
  }
}
