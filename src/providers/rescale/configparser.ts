/**
 * Files as Python's configparser reads them with its defaults: `=` or `:`, values that go on in indented lines, names in lower
 * case, a section DEFAULT below all others, `%(name)s` in values. The vendor's programs share such a file.
 */

/** What is wrong with a file. Its text is nowhere in the message: it may be a secret. */
export class ConfigSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigSyntaxError';
  }
}

interface ParsedConfig {
  /** Their names in the file's order, without DEFAULT. */
  readonly sections: readonly string[];
  /** Nothing when neither the section nor DEFAULT has it. Throws a ConfigSyntaxError for `%` that stands for nothing. */
  get(section: string, option: string): string | undefined;
}

type Options = Map<string, string>;

const defaultSection = 'DEFAULT';
/** As Python has it. */
const deepestReference = 10;

/** Throws a ConfigSyntaxError, as Python does, for whatever is no section, option or continuation, and for doubles. */
export function parseConfig(text: string): ParsedConfig {
  const reader = new Reader();
  for (const [index, line] of linesOf(text).entries()) reader.read(line, index + 1);
  const sections = reader.finish();
  const defaults = sections.get(defaultSection) ?? new Map<string, string>();
  return {
    sections: [...sections.keys()].filter((name) => name !== defaultSection),
    get(section, option) {
      const own = sections.get(section);
      if (own === undefined) return undefined;
      const known = new Map([...defaults, ...own]);
      const value = known.get(option.toLowerCase());
      return value === undefined ? undefined : expanded(value, known, 1);
    },
  };
}

/** Python's line ends; those programs of Windows put a mark in front of a file that is not of its text. */
function linesOf(text: string): string[] {
  return text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
}

/** Python's white space, which is not quite JavaScript's. */
const blank = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const blanksInFront = new RegExp(`^${blank}*`);
const blanksBehind = new RegExp(`${blank}+$`);

function strip(text: string): string {
  return stripEnd(text.replace(blanksInFront, ''));
}

function stripEnd(text: string): string {
  return text.replace(blanksBehind, '');
}

class Reader {
  readonly #sections = new Map<string, Map<string, string[]>>();
  readonly #broken: number[] = [];
  #section: Map<string, string[]> | undefined;
  /** The lines of the option that was read last, which indented ones belong to. */
  #value: string[] | undefined;
  #indent = 0;

  read(line: string, number: number): void {
    const text = strip(line);
    if (/^[#;]/.test(text)) return;
    if (text === '') {
      this.#value?.push('');
      return;
    }
    const indent = blanksInFront.exec(line)?.[0].length ?? 0;
    if (this.#value !== undefined && indent > this.#indent) {
      this.#value.push(text);
      return;
    }
    this.#indent = indent;
    const name = /^\[(.+)\]/s.exec(text)?.[1];
    if (name !== undefined) this.#open(name, number);
    else this.#readOption(text, number);
  }

  finish(): Map<string, Options> {
    const [first] = this.#broken;
    if (first !== undefined) throw new ConfigSyntaxError(`line ${first} is neither a section nor an option`);
    const joined = (lines: readonly string[]): string => stripEnd(lines.join('\n'));
    return new Map(
      [...this.#sections].map(([name, options]) => [
        name,
        new Map([...options].map(([option, lines]) => [option, joined(lines)])),
      ]),
    );
  }

  #open(name: string, number: number): void {
    const known = this.#sections.get(name);
    if (known !== undefined && name !== defaultSection)
      throw new ConfigSyntaxError(`line ${number} opens a section that is there already`);
    this.#section = known ?? new Map();
    this.#sections.set(name, this.#section);
    this.#value = undefined;
  }

  #readOption(text: string, number: number): void {
    if (this.#section === undefined)
      throw new ConfigSyntaxError(`line ${number} stands before the first section`);
    const at = text.search(/[=:]/);
    const name = stripEnd(text.slice(0, Math.max(0, at))).toLowerCase();
    if (name === '') {
      this.#broken.push(number);
      if (at >= 0) this.#value = undefined;
      return;
    }
    if (this.#section.has(name))
      throw new ConfigSyntaxError(`line ${number} sets an option that its section has already`);
    this.#value = [strip(text.slice(at + 1))];
    this.#section.set(name, this.#value);
  }
}

/** `%(name)s` is another option of the section, and `%%` a percent sign. */
function expanded(value: string, known: Options, depth: number): string {
  if (depth > deepestReference) throw new ConfigSyntaxError('a value refers to others without an end');
  return value.replace(/%(?:%|\(([^)]+)\)s)?/g, (found, name: string | undefined) => {
    if (found === '%%') return '%';
    if (name === undefined) throw new ConfigSyntaxError('a value has a % that is neither %% nor %(name)s');
    const other = known.get(name.toLowerCase());
    if (other === undefined) throw new ConfigSyntaxError('a value refers to an option that is not there');
    return other.includes('%') ? expanded(other, known, depth + 1) : other;
  });
}
