/** The one line in the user's ssh configuration. Texts hold one character for each byte, so that none is lost. */

import { configWords, literalPattern, type PlacedWord, slashed } from './config-word.ts';

/** Above the line in a file that was not there before; without the user's own lines the file goes with them. */
const ofNewFile = '# This file was made by `bai ssh-config install`.';

interface IncludePlaces {
  readonly file: string;
  /** Where ssh looks for names that are not whole. */
  readonly sshFolder: string;
  /** What `~` means to ssh. */
  readonly home: string | undefined;
  readonly platform: NodeJS.Platform;
}

/** How an Include can name a file, with `~` where it can be: configurations are carried from machine to machine. */
export function includeSpellings(places: IncludePlaces): readonly [string, ...string[]] {
  const spelt = (path: string): string => slashed(path, places.platform);
  const [file, home] = [spelt(places.file), spelt(places.home ?? '')];
  const below = (folder: string): string[] =>
    file.startsWith(`${folder}/`) ? [file.slice(folder.length + 1)] : [];
  const short = home === '' ? [] : below(home).map((rest) => `~/${rest}`);
  const [first = file, ...others] = [...short, file, ...below(spelt(places.sshFolder))];
  return [first, ...others];
}

/** With the line on top, in the file's own kind of line ends; a file of bai's making when there is none. */
export function withInclude(text: string | undefined, line: string): string {
  if (text === undefined) return `${ofNewFile}\n${line}\n`;
  const end = /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n';
  const start = markOf(text);
  return `${start}${line}${end}${text.slice(start.length)}`;
}

/** UTF-8's, as editors of Windows put it in front; it means something nowhere else. */
function markOf(text: string): string {
  return text.startsWith('\xef\xbb\xbf') ? text.slice(0, 3) : '';
}

/** Why ssh can read nothing of a file, where that is not seen in an editor. */
export function encodingProblem(text: string): string | undefined {
  if (/^(?:\u00ff\u00fe|\u00fe\u00ff)/.test(text)) return 'it is UTF-16, which ssh does not read';
  return markOf(text) !== '' ? 'it begins with a byte order mark, which ssh does not read' : undefined;
}

/** Whether some line of it includes one of these files, so that ssh finds it. */
export function hasInclude(text: string, files: readonly string[]): boolean {
  const patterns = patternsOf(files);
  return linesOf(text.slice(markOf(text).length)).some((line) =>
    includedIn(line).some((file) => patterns.has(file.text)),
  );
}

/** Without these files, wherever they are included; nothing when the file was made by bai and holds nothing else. */
export function withoutInclude(text: string, files: readonly string[]): string | undefined {
  const patterns = patternsOf(files);
  const start = markOf(text);
  const lines = linesOf(text.slice(start.length)).map((line) => withoutFiles(line, patterns));
  const rest = start + lines.join('');
  const own = rest.startsWith(`${ofNewFile}\n`) ? rest.slice(ofNewFile.length + 1) : rest;
  return own === '' && rest !== '' ? undefined : own;
}

/** Each as it is, and as a pattern of either kind of system. */
function patternsOf(files: readonly string[]): ReadonlySet<string> {
  return new Set(files.flatMap((file) => [file, literalPattern(file), literalPattern(file, 'win32')]));
}

/** A user may have added files of their own to the line. */
function withoutFiles(line: string, patterns: ReadonlySet<string>): string {
  const files = [includedIn(line), asWritten(line)].find((words) =>
    words.some(({ text }) => patterns.has(text)),
  );
  if (files === undefined) return line;
  const ours = files.filter(({ text }) => patterns.has(text));
  if (ours.length === files.length) return '';
  return ours.reduceRight(
    (left, { start, end }) => left.slice(0, start).replace(/[ \t]+$/, '') + left.slice(end),
    line,
  );
}

const keyword = /^[ \t]*include(?:[ \t]*=[ \t]*|[ \t]+)/i;

function includedIn(line: string): readonly PlacedWord[] {
  const [start] = keyword.exec(line) ?? [];
  if (start === undefined) return [];
  return (configWords(line.slice(start.length)) ?? []).map((word) => behind(word, start.length));
}

/** bai 0.1 put no quotes around a path with a quote in it, and ssh refuses the whole file for such a line. */
function asWritten(line: string): readonly PlacedWord[] {
  const [start] = keyword.exec(line) ?? [];
  if (start === undefined) return [];
  return [...line.slice(start.length).matchAll(/"([^"]*)"|([^\s"]+)/g)].map((match) => {
    const text = match[1] ?? match[2] ?? '';
    return behind({ text, start: match.index, end: match.index + match[0].length }, start.length);
  });
}

function behind({ text, start, end }: PlacedWord, offset: number): PlacedWord {
  return { text, start: start + offset, end: end + offset };
}

/** Each with its end. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
