/** The one line in the user's ssh configuration. Texts hold one character for each byte, so that none is lost. */

/** Above the line in a file that was not there before; without the user's own lines the file goes with them. */
const ofNewFile = '# This file was made by `bai ssh-config install`.';

/** With the line on top, in the file's own kind of line ends; a file of bai's making when there is none. */
export function withInclude(text: string | undefined, line: string): string {
  if (text === undefined) return `${ofNewFile}\n${line}\n`;
  const end = /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n';
  return `${line}${end}${text}`;
}

/** Whether some line of it includes one of these spellings of bai's file. */
export function hasInclude(text: string, spellings: readonly string[]): boolean {
  return linesOf(text).some((line) => filesOf(line).some((file) => spellings.includes(file.name)));
}

/** Without bai's file, wherever it is included; nothing when the file was made by bai and holds nothing else. */
export function withoutInclude(text: string, spellings: readonly string[]): string | undefined {
  const rest = linesOf(text)
    .map((line) => withoutFile(line, spellings))
    .join('');
  const own = rest.startsWith(`${ofNewFile}\n`) ? rest.slice(ofNewFile.length + 1) : rest;
  return own === '' && rest !== '' ? undefined : own;
}

/** A user may have added files of their own to the line. */
function withoutFile(line: string, spellings: readonly string[]): string {
  const files = filesOf(line);
  const ours = files.filter((file) => spellings.includes(file.name));
  if (ours.length === 0) return line;
  if (ours.length === files.length) return '';
  return ours.reduceRight(
    (left, { start, end }) => left.slice(0, start).replace(/[ \t]+$/, '') + left.slice(end),
    line,
  );
}

interface IncludedFile {
  readonly name: string;
  /** Where it stands in the line, quotes included. */
  readonly start: number;
  readonly end: number;
}

function filesOf(line: string): IncludedFile[] {
  const [keyword] = /^[ \t]*include(?:[ \t]*=[ \t]*|[ \t]+)/i.exec(line) ?? [];
  if (keyword === undefined) return [];
  return [...line.slice(keyword.length).matchAll(/"([^"]*)"|([^\s"]+)/g)].map((match) => {
    const start = keyword.length + match.index;
    return { name: match[1] ?? match[2] ?? '', start, end: start + match[0].length };
  });
}

/** Each with its end. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
