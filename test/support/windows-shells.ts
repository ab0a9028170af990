/** How Windows takes a command line apart, so that a test can read back what was written for it. */

/**
 * The words that a program sees: the rules of Microsoft's C runtime and of CommandLineToArgvW ("Parsing C++ command-line arguments" and
 * "CommandLineToArgvW function" in Microsoft's documentation). Blanks and tabs separate; a backslash is one but before a quote, where two
 * stand for one and an odd one makes the quote a character; within quotes two quotes are one.
 */
export function windowsWords(line: string): string[] {
  const words: string[] = [];
  let [word, isQuoted, isOpen] = ['', false, false];
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    const backslashes = /^\\*/.exec(line.slice(at))?.[0].length ?? 0;
    if (backslashes > 0 && line[at + backslashes] === '"') {
      word += '\\'.repeat(Math.floor(backslashes / 2));
      if (backslashes % 2 === 1) word += '"';
      isOpen = true;
      at += backslashes % 2 === 1 ? backslashes : backslashes - 1;
    } else if (character === '"') {
      isOpen = true;
      if (isQuoted && line[at + 1] === '"') {
        word += '"';
        at += 1;
      } else isQuoted = !isQuoted;
    } else if (/[ \t]/.test(character) && !isQuoted) {
      if (isOpen) words.push(word);
      [word, isOpen] = ['', false];
    } else {
      word += character;
      isOpen = true;
    }
  }
  return isOpen ? [...words, word] : words;
}

/**
 * What cmd.exe makes of a line typed at its prompt, and a program of that: variables first, whatever the quotes; then carets hide the next
 * character outside of quotes ("How does the Windows Command Interpreter parse scripts", and `cmd /?`). Throws where another command
 * would begin.
 */
export function cmdWords(
  line: string,
  variables: Readonly<Record<string, string>> = { PATH: 'C:\\X' },
): string[] {
  return windowsWords(readByCmd(line, variables));
}

function readByCmd(line: string, variables: Readonly<Record<string, string>>): string {
  const expanded = line.replaceAll(/%([^%]+)%/g, (whole, name: string) => variables[name] ?? whole);
  let [text, isQuoted] = ['', false];
  for (let at = 0; at < expanded.length; at += 1) {
    const character = expanded.charAt(at);
    if (character === '^' && !isQuoted) {
      at += 1;
      text += expanded.charAt(at);
      continue;
    }
    if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && /[&|<>]/.test(character)) throw new Error(`${line} has a second command`);
    text += character;
  }
  return text;
}

/** The variables that lines of `set` leave behind; within quotes the last one ends the value. */
export function cmdVariable(line: string): readonly [string, string] {
  const [, quoted, plain] = /^set (?:"(.*)".*|(.*))$/.exec(readByCmd(line, { PATH: 'C:\\X' })) ?? [];
  const [name = '', ...value] = (quoted ?? plain ?? '').split('=');
  return [name, value.join('=')];
}

const single = /['\u2018-\u201b]/;
const double = /["\u201c-\u201e]/;

/**
 * What PowerShell gives a script such as npm's, or a program ("about_Parsing", "about_Quoting_Rules" and "about_Splatting" in Microsoft's
 * documentation): in single quotes a doubled one stands for one and nothing else has a meaning; curly quotes are quotes; the first bare
 * `--` ends the parameters and is gone; an option is cut behind its first colon and before its first point; bare numbers are numbers; behind
 * `--%` the rest is the program's. Throws for what would be taken for code.
 */
export function powershellWords(line: string): string[] {
  const verbatim = / --% (.*)$/s.exec(line);
  const words = bareAndQuoted(verbatim === null ? line : line.slice(0, verbatim.index));
  const dropped = words.findIndex(({ text, isBare }) => isBare && text === '--');
  return [
    ...words.filter((_, index) => index !== dropped).flatMap(asPassed),
    ...(verbatim?.[1] === undefined ? [] : windowsWords(verbatim[1])),
  ];
}

interface PowershellWord {
  readonly text: string;
  readonly isBare: boolean;
}

function asPassed({ text, isBare }: PowershellWord): string[] {
  if (!isBare) return [text];
  if (text.startsWith('@')) throw new Error(`${text} is a splat`);
  const [, option, rest] = /^(-[^.:]*:?)([.].*|.+)$/.exec(text) ?? [];
  if (option !== undefined && rest !== undefined && /[.:]/.test(text)) return [option, rest];
  const isNumber = /^[+-]?(?:0x[\da-f]+|\d*\.?\d+(?:e[+-]?\d+)?)$/i.test(text);
  return [isNumber ? String(Number(text)) : text];
}

function bareAndQuoted(line: string): PowershellWord[] {
  const words: PowershellWord[] = [];
  for (let at = 0; at < line.length; ) {
    if (line[at] === ' ') at += 1;
    else {
      const { word, end } = powershellWordAt(line, at);
      words.push(word);
      at = end;
    }
  }
  return words;
}

function powershellWordAt(
  line: string,
  start: number,
): { readonly word: PowershellWord; readonly end: number } {
  const quote = [single, double].find((each) => each.test(line.charAt(start)));
  if (quote === undefined) {
    const text = /^[^ ]*/.exec(line.slice(start))?.[0] ?? '';
    if (/[`$,;(){}|<>&#'"\u2018-\u201e]/.test(text)) throw new Error(`${text} is code`);
    return { word: { text, isBare: true }, end: start + text.length };
  }
  let text = '';
  for (let at = start + 1; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (quote.test(character) && quote.test(line.charAt(at + 1))) {
      text += line.charAt(at + 1);
      at += 1;
    } else if (quote.test(character)) return { word: { text, isBare: false }, end: at + 1 };
    else if (quote === double && /[$`]/.test(character)) throw new Error(`${line} has a variable in quotes`);
    else text += character;
  }
  throw new Error(`a quote of ${line} has no end`);
}
