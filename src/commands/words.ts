/** Which command a command line names, and its words as commander is to read them. */

import type { Command } from 'commander';
import { arrangeWords } from '../core/ssh/session-words.ts';
import { commands, groups } from './index.ts';

/** `bai` alone says who is signed in, and what to type next. */
export function withWelcome(argv: readonly string[]): readonly string[] {
  const asksForHelp = argv.some((word) => ['-h', '--help', '-V', '--version', '--'].includes(word));
  return asksForHelp || wordsOf(argv, 1).length > 0 ? argv : [...argv, 'welcome'];
}

/** What a session behind the group's name alone means. */
const usualCommands: Readonly<Record<string, string>> = { sftp: 'shell', forward: 'start' };

/** `forward SESSION …` starts one, and `sftp SESSION` is its shell. */
export function withUsualCommand(argv: readonly string[]): readonly string[] {
  const [group = '', name, ...more] = wordsOf(argv, 3);
  if (name === undefined || isCommand(group, name)) return argv;
  const usual = usualCommand(group);
  if (usual === undefined || (group === 'sftp' && more.length > 0)) return argv;
  return argv.toSpliced(argv.indexOf(group) + 1, 0, usual);
}

/** The command of a group whose name may be left out before a session. */
export function usualCommand(group: string): string | undefined {
  return Object.hasOwn(usualCommands, group) ? usualCommands[group] : undefined;
}

/**
 * What is for ssh or a session stands behind dashes; `--json=events`, for an option with an optional value would take the next word; and
 * `-q` behind the name of a list is that of the list.
 */
export function withoutDoubt(argv: readonly string[], program: Command): readonly string[] {
  const words = arranged(argv, program);
  const end = words.indexOf('--');
  const isOurs = (index: number): boolean => end < 0 || index < end;
  const listing = endOfListing(words);
  return words.map((word, index) => {
    if (word === '--json=events' && isOurs(index)) return '--json-events';
    // Commander gives an option that both have to the program.
    return word === '-q' && index > listing && isOurs(index) ? '--ids' : word;
  });
}

/** Where the name of a command with `-q` of its own stands. */
function endOfListing(argv: readonly string[]): number {
  const [group = '', name = ''] = knownWords(argv);
  const entry = commands.find(
    ({ path, aliases = [] }) =>
      path.startsWith(`${group} `) && [path.slice(group.length + 1), ...aliases].includes(name),
  );
  return entry?.ids === undefined ? Number.POSITIVE_INFINITY : (positionsOf(argv, 2)[1] ?? 0);
}

function arranged(argv: readonly string[], program: Command): readonly string[] {
  const path = knownWords(argv).join(' ');
  const after = commands.find((entry) => entry.path === path)?.afterSession;
  if (after === undefined) return argv;
  const names = path.split(' ');
  const command = names.reduce<Command | undefined>(
    (parent, name) => parent?.commands.find((each) => each.name() === name),
    program,
  );
  const options = [...program.options, ...(command?.options ?? [])].map(({ short, long, required }) => ({
    names: [short, long].filter((name) => name !== undefined),
    takesValue: required,
  }));
  const [start] = positionsOf(argv, names.length).slice(-1);
  const [head, tail] = [argv.slice(0, (start ?? 0) + 1), argv.slice((start ?? 0) + 1)];
  return [...head, ...arrangeWords(tail, options, after)];
}

/** Options above, and of the shell, that take a value; their value is no command word. */
const valueOptions = new Set([
  ...['-P', '--profile', '--endpoint', '--env-file', '--template', '-b', '--batch'],
]);

/** The first words of the command line that are no options. */
export function wordsOf(argv: readonly string[], most = 2): string[] {
  return positionsOf(argv, most).map((at) => argv[at] ?? '');
}

function positionsOf(argv: readonly string[], most: number): number[] {
  const positions: number[] = [];
  for (let index = 0; index < argv.length && positions.length < most; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--') continue;
    if (valueOptions.has(word)) index += 1;
    else if (!word.startsWith('-')) positions.push(index);
  }
  return positions;
}

/** As much of the command as exists: the group, or group and command. */
export function knownWords(argv: readonly string[]): string[] {
  const [group = '', name = ''] = wordsOf(argv);
  if (isCommand(group, name)) return [group, name];
  return Object.hasOwn(groups, group) || commands.some(({ path }) => path === group) ? [group] : [];
}

function isCommand(group: string, name: string): boolean {
  return commands.some(
    ({ path, aliases }) =>
      path === `${group} ${name}` || (path.startsWith(`${group} `) && aliases?.includes(name)),
  );
}
