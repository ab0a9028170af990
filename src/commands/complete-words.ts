/** Which words could stand where somebody presses Tab, by the commands' own definitions. */

import { type Argument, Command, type Option } from 'commander';
import type { Context } from '../context.ts';
import type { Candidate, NameKind, Question } from '../core/completion.ts';
import { openTargets } from '../core/desktop/open-target.ts';
import { providerNames } from '../core/settings/setting-parsers.ts';
import { settingNames } from '../core/settings/settings.ts';
import { clientPrograms } from '../core/ssh/client-commands.ts';
import { sshClients } from '../core/ssh/ssh-client.ts';
import { shells } from '../core/text/shells.ts';
import { commands, groups } from './index.ts';
import type { CommandEntry } from './shared/command.ts';
import { addGlobalOptions } from './shared/global-options.ts';
import { helpTopics } from './usage.ts';
import { usualCommand, withUsualCommand } from './words.ts';

/** What a value is: words to choose from, names to look up, or a file. Nothing where only the user knows. */
type Values = readonly string[] | NameKind | 'file' | 'remote or file';

/** By the name of an option or argument, behind its command where that makes a difference. */
export const valuesOf: Readonly<Record<string, Values>> = {
  '--profile': 'profile',
  '--env-file': 'file',
  '--identity': 'file',
  '--output': 'file',
  '--batch': 'file',
  '--filezilla': 'file',
  '--bundle': 'file',
  '--bootstrap-script': 'file',
  '--authorize': 'file',
  '--public-key': 'file',
  '--like': 'session',
  '--create': 'image',
  '--mount': 'folder',
  '--project': 'project',
  '--scaling-group': 'group',
  '--group': 'project',
  '--provider': providerNames,
  '--client': sshClients,
  '--for': clientPrograms,
  '--shell': shells,
  '--key-store': ['file', 'agent', 'memory'],
  '--if-exists': ['overwrite', 'skip', 'newer', 'different', 'fail'],
  '--to': ['ppk', 'openssh', 'pem', 'pkcs8'],
  '--ppk-version': ['2', '3'],
  '--cluster-mode': ['single-node', 'multi-node'],
  '--via': ['manager', 'proxy', 'direct'],
  '--use': 'profile',
  'sftp put --via': ['auto', 'sftp', 'tar'],
  'sftp get --via': ['auto', 'sftp', 'tar'],
  'sftp sync --via': ['auto', 'sftp', 'tar'],
  'session create --type': ['interactive', 'batch', 'inference', 'system'],
  'key generate --type': ['ed25519', 'rsa', 'ecdsa'],
  'forward start specs': 'app',
  // They are named as their sessions.
  'forward stop names': 'session',
  'forward logs name': 'session',
  'forward open name': 'session',
  session: 'session',
  sessions: 'session',
  'session create what': 'image',
  app: 'app',
  program: openTargets,
  shell: ['bash', 'zsh', 'fish', 'powershell'],
  topic: helpTopics,
  'schema name': [
    ...commands.flatMap(({ path, hidden }) => (hidden ? [] : [path.replaceAll(' ', '-')])),
    ...['error', 'warning'],
  ],
  pubkey: 'file',
  key: 'file',
  'sftp ls path': 'remote',
  'sftp stat path': 'remote',
  'sftp mkdir paths': 'remote',
  'sftp rm paths': 'remote',
  'sftp mv paths': 'remote',
  'sftp put paths': 'remote or file',
  'sftp get paths': 'remote or file',
  'sftp sync source': 'remote or file',
  'sftp sync target': 'remote or file',
  'config get name': settingNames,
  'config set name': settingNames,
  'config unset name': settingNames,
  'profile show name': 'profile',
  'profile use name': 'profile',
  'profile rename name': 'profile',
  'profile remove name': 'profile',
  'host-key forget session': 'session',
};

/** `words` are those behind `bai`, the last one as far as it is typed. */
export async function questionAt(words: readonly string[], context: Context): Promise<Question> {
  const typed = words.at(-1) ?? '';
  const line = await readLine(withUsualCommand(words.slice(0, -1)), context);
  if (line === undefined)
    return offered(typed, words[0] === 'help' ? await helpWords(words.slice(1, -1)) : []);
  const { pending, isOver, entry, path, positional } = line;
  if (pending !== undefined) return ofValue(typed, keysOf(path, pending), line);
  const inline = /^(--[\w-]+=)(.*)$/s.exec(typed);
  if (inline !== null && !isOver) {
    const [, prefix = '', value = ''] = inline;
    const option = line.options.find(({ long }) => `${long}=` === prefix);
    return option === undefined
      ? offered(typed, [])
      : { ...ofValue(value, keysOf(path, option), line), prefix };
  }
  const isForeign = entry?.afterSession !== undefined && positional.length > 0;
  if (isForeign) return offered(typed, []);
  if (typed.startsWith('-') && !isOver) return offered(typed, line.options.flatMap(optionWords));
  if (entry === undefined) return { ...offered(typed, commandWords(path)), ...ofUsual(path, line) };
  const argument = line.arguments[positional.length] ?? lastVariadic(line.arguments);
  if (argument === undefined) return offered(typed, []);
  return ofValue(typed, [`${path.join(' ')} ${argument.name()}`, argument.name()], line);
}

/** A session may stand in the place of the command where one is usual. */
function ofUsual([group]: readonly string[], { profile }: Line): Partial<Question> {
  return group !== undefined && usualCommand(group) !== undefined ? { names: ['session'], profile } : {};
}

/** What `bai help` takes: a topic, or the words of a command. */
async function helpWords(before: readonly string[]): Promise<Candidate[]> {
  const [group, ...more] = before;
  if (more.length > 0) return [];
  if (group !== undefined) return Object.hasOwn(groups, group) ? commandWords([group]) : [];
  return [...helpTopics.map((word) => ({ word })), ...commandWords([])];
}

interface Line {
  /** As much of the command as is there. */
  readonly path: readonly string[];
  readonly entry: CommandEntry | undefined;
  readonly options: readonly Option[];
  readonly arguments: readonly Argument[];
  readonly positional: readonly string[];
  readonly profile: string | undefined;
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
  /** Behind `--`, where nothing is an option. */
  readonly isOver: boolean;
}

/** Nothing for a line that names no command. */
async function readLine(words: readonly string[], context: Context): Promise<Line | undefined> {
  let line: Line = {
    ...{
      path: [],
      entry: undefined,
      arguments: [],
      positional: [],
      pending: undefined,
      isOver: false,
      profile: undefined,
    },
    options: addGlobalOptions(new Command()).options,
  };
  for (const word of words) {
    const { pending } = line;
    if (pending !== undefined)
      line = { ...line, pending: undefined, profile: pending.long === '--profile' ? word : line.profile };
    else if (!line.isOver && word === '--') line = { ...line, isOver: true };
    else if (!line.isOver && word.startsWith('-') && word !== '-')
      line = { ...line, pending: valueFollows(word, line.options) };
    else if (line.entry !== undefined) line = { ...line, positional: [...line.positional, word] };
    else {
      const next = await withName(line, word, context);
      if (next === undefined) return undefined;
      line = next;
    }
  }
  return line;
}

async function withName(line: Line, word: string, context: Context): Promise<Line | undefined> {
  const entry = commands.find(({ path, aliases }) => {
    const names = path.split(' ');
    const isGroup = names.slice(0, -1).join(' ') === line.path.join(' ');
    return isGroup && (names.at(-1) === word || aliases?.includes(word) === true);
  });
  if (entry === undefined) {
    const isGroup = line.path.length === 0 && Object.hasOwn(groups, word);
    return isGroup ? { ...line, path: [word] } : undefined;
  }
  const command = new Command();
  (await entry.load()).define(command, context);
  return {
    ...{ ...line, entry, path: entry.path.split(' ') },
    options: [...line.options, ...command.options],
    arguments: command.registeredArguments,
  };
}

function valueFollows(word: string, options: readonly Option[]): Option | undefined {
  return options.find(({ short, long, required }) => required && (short === word || long === word));
}

function commandWords(path: readonly string[]): Candidate[] {
  const [group] = path;
  if (group === undefined) {
    const alone = commands.filter((entry) => !entry.path.includes(' ') && entry.hidden !== true);
    return [
      ...Object.entries(groups).map(([word, about]) => ({ word, about })),
      ...alone.map(({ path: word, summary: about }) => ({ word, about })),
    ];
  }
  return commands
    .filter((entry) => entry.path.startsWith(`${group} `) && entry.hidden !== true)
    .map(({ path: whole, summary: about }) => ({ word: whole.slice(group.length + 1), about }));
}

function optionWords({ long, hidden, description }: Option): Candidate[] {
  return long === undefined || long === null || hidden ? [] : [{ word: long, about: description }];
}

function lastVariadic(all: readonly Argument[]): Argument | undefined {
  return all.at(-1)?.variadic === true ? all.at(-1) : undefined;
}

function keysOf(path: readonly string[], { long }: Option): string[] {
  return [`${path.join(' ')} ${long}`, long ?? ''];
}

function ofValue(typed: string, keys: readonly string[], { positional, profile }: Line): Question {
  const key = keys.find((each) => Object.hasOwn(valuesOf, each));
  const values = key === undefined ? undefined : valuesOf[key];
  const nothing = { ...offered(typed, []), profile };
  if (values === undefined) return nothing;
  if (values === 'file') return { ...nothing, files: true };
  // Before the colon a session is as likely as a file.
  if (values === 'remote or file') return { ...nothing, names: ['remote'], files: !typed.includes(':') };
  if (typeof values !== 'string')
    return offered(
      typed,
      values.map((word) => ({ word })),
    );
  return { ...nothing, names: [values], session: values === 'app' ? positional[0] : undefined };
}

function offered(typed: string, words: readonly Candidate[]): Question {
  return { typed, prefix: '', words, names: [], files: false };
}
