/** Holds what a run of `bai --json` printed against the schemas in src/schema: strictly, so that a field nobody wrote down fails. */

import { commands } from '../../src/commands/index.ts';
import { withHelp } from '../../src/commands/usage.ts';
import { knownWords, withUsualCommand, withWelcome } from '../../src/commands/words.ts';
import { conversationNames, published, schemas } from '../../src/schema/index.ts';
import { answersOf } from '../../src/schema/published.ts';

interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** Throws when a line or an answer has not the form that its schema says. Nothing for runs without `--json`. */
export function checkJsonAnswer(argv: readonly string[], { stdout, stderr }: Printed): void {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  if (words.some((word) => ['-h', '--help', '-V', '--version'].includes(word))) return;
  const path = commandOf(argv);
  if (!belongsToOthers(path, words)) {
    for (const value of valuesIn(stdout)) check(value, namesOf(path), `bai ${argv.join(' ')}: stdout`);
  }
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'));
  for (const line of lines) check(JSON.parse(line), conversationNames, `bai ${argv.join(' ')}: stderr`);
}

export function isJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  const at = words.findIndex((word) => word === '--json' || word === '--json=events');
  return at >= 0 && !isOfCommand(words, at);
}

/** Behind the session and a word more it is for what runs there: `bai exec demo echo --json`. */
function isOfCommand(words: readonly string[], at: number): boolean {
  const path = words[0] === 'app' ? words.slice(0, 2) : words.slice(0, 1);
  if (!['ssh', 'app ssh', 'exec'].includes(path.join(' '))) return false;
  return words.slice(path.length, at).filter((word) => !word.startsWith('-')).length > 1;
}

function commandOf(argv: readonly string[]): string {
  const [group = '', name = ''] = knownWords(withUsualCommand(withWelcome(known(argv))));
  const found = commands.find(
    ({ path, aliases }) =>
      path === `${group} ${name}`.trim() || (path.startsWith(`${group} `) && aliases?.includes(name)),
  );
  return found?.path ?? group;
}

/** `bai help nonsense` is an error of its own. */
function known(argv: readonly string[]): readonly string[] {
  try {
    return withHelp(argv);
  } catch {
    return argv;
  }
}

/** Where stdout has the bytes of a file, of a stream, or of what runs in a session. */
function belongsToOthers(path: string, words: readonly string[]): boolean {
  if (path === 'ssh' || path === 'app ssh') return !words.includes('--no-client');
  if (path === 'sftp get') return words.some((word) => word === '-' || word.startsWith('/dev/'));
  return path === '__complete' || path === 'local serve';
}

/** Commands without a name in the schemas have the answers of others. */
const answersOfOthers: Readonly<Record<string, readonly string[]>> = {
  'help-topic': ['help'],
  'sftp shell': [
    'sftp ls',
    'sftp put',
    'sftp get',
    'sftp mkdir',
    'sftp rm',
    'sftp mv',
    'sftp stat',
    'session logs',
  ],
};

function namesOf(path: string): readonly string[] {
  return (answersOfOthers[path] ?? [path]).flatMap((each) => answersOf(each, published.schemas));
}

/** One after another: a value ends with its line, or with the closing bracket at the beginning of one. */
function valuesIn(stdout: string): unknown[] {
  const values: unknown[] = [];
  let text = '';
  for (const line of stdout.split('\n')) {
    text += `${line}\n`;
    const isWhole = text === `${line}\n` ? /^(?:[[{].*[\]}]|".*")$/.test(line) : /^[\]}]$/.test(line);
    if (!isWhole) continue;
    values.push(JSON.parse(text));
    text = '';
  }
  if (text.trim() !== '') throw new Error(`no JSON on stdout: ${text.slice(0, 200)}`);
  return values;
}

function check(value: unknown, names: readonly string[], what: string): void {
  const wrong: unknown[] = [];
  for (const name of names) {
    const result = schemas[name]?.safeParse(value);
    if (result?.success) return;
    wrong.push({ name, issues: result?.error.issues });
  }
  const told = JSON.stringify(wrong, undefined, 1).slice(0, 3000);
  throw new Error(
    `${what} has not the form of ${names.join(', ') || 'any schema'} (src/schema): ${JSON.stringify(value)}\n${told}`,
  );
}
