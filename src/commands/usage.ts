/** What is wrong with a command line, and what would be right. */

import type { Command, CommanderError } from 'commander';
import { UsageError } from '../errors.ts';
import { commands, groups } from './index.ts';
import { knownWords, wordsOf } from './words.ts';

/** What `bai help` tells of beside commands. */
export const helpTopics = ['exit-codes', 'error-codes', 'settings', 'environment', 'json'] as const;
export type HelpTopic = (typeof helpTopics)[number];

/** `bai help` and `bai help COMMAND…` are `--help`. */
export function withHelp(argv: readonly string[]): readonly string[] {
  const [first] = wordsOf(argv, 1);
  if (first !== 'help') return argv;
  const rest = argv.toSpliced(argv.indexOf(first), 1);
  const words = wordsOf(rest);
  if (helpTopics.some((topic) => topic === words[0])) return ['help-topic', ...rest];
  const known = knownWords(rest);
  const unknown = words[known.length];
  // A command that is no group takes what it likes behind it.
  if (unknown !== undefined && (known.length === 0 || isGroup(known[0])))
    throw unknownCommand(unknown, known[0]);
  return [...rest, '--help'];
}

/** A group alone has no answer, so in JSON it is an error as others are; for people it is followed by its help. */
export function refuseGroupAlone(argv: readonly string[], isJson: boolean): void {
  const [group, ...more] = wordsOf(argv);
  const asksForHelp = argv.some((word) => ['-h', '--help', '-V', '--version'].includes(word));
  if (!isJson || asksForHelp || group === undefined || more.length > 0 || !isGroup(group)) return;
  throw new UsageError(`\`bai ${group}\` is a group of commands`, {
    hint: `\`bai ${group} --help\` shows which`,
    details: { commands: namesIn(group) },
  });
}

/** The only value that --json takes is not one that commander knows of. */
export function refuseJsonValue(argv: readonly string[]): void {
  const end = argv.indexOf('--');
  const value = argv
    .slice(0, end < 0 ? undefined : end)
    .find((word) => word.startsWith('--json=') && word !== '--json=events');
  // Behind a session it may be a word of the command there.
  if (
    value === undefined ||
    commands.some(({ path, afterSession }) => afterSession && path === knownWords(argv).join(' '))
  )
    return;
  throw new UsageError(`--json takes no value but "events", not "${value.slice('--json='.length)}"`, {
    hint: '--json prints the answer as JSON; --json=events also reports progress, on stderr',
  });
}

/** commander's own words for a wrong command line, on one line. */
export function explainUsage(
  { code, message }: CommanderError,
  argv: readonly string[],
  program: Command | undefined,
): UsageError {
  const words = message
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ');
  const [first = ''] = wordsOf(argv, 1);
  const isFirst = code === 'commander.unknownCommand' && knownWords(argv).length === 0;
  // What is the name of a command is meant rather than what is only like it.
  if (isFirst && (nearest(first) !== undefined || !words.includes('Did you mean')))
    return unknownCommand(first, undefined);
  const command = program && commandOf(program, knownWords(argv));
  if (command === undefined) return new UsageError(words);
  const hint = `usage: ${usageLine(command)}`;
  if (code === 'commander.missingArgument') {
    const named = /'([^']*)'$/.exec(words)?.[1];
    const missing = command.registeredArguments.find((each) => each.name() === named);
    if (missing !== undefined)
      return new UsageError(`missing argument <${missing.name()}${missing.variadic ? '...' : ''}>`, { hint });
  }
  return new UsageError(words, code === 'commander.excessArguments' ? { hint } : {});
}

/** Without aliases, which have a line of their own. */
export function usageLine(command: Command): string {
  const names: string[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) names.unshift(each.name());
  return [...names, command.usage()].join(' ');
}

/** By its own name: an alias is another word for the same. */
function commandOf(program: Command, words: readonly string[]): Command | undefined {
  return words.reduce<Command | undefined>(
    (parent, word) => parent?.commands.find((each) => each.name() === word || each.aliases().includes(word)),
    program,
  );
}

/** What other programs call so, and commands of which the group was left out. */
function unknownCommand(word: string, group: string | undefined): UsageError {
  const near = group === undefined ? nearest(word) : undefined;
  const all = `\`${['bai', ...(group === undefined ? [] : [group]), '--help'].join(' ')}\` shows what there is`;
  const hint = near === undefined ? all : `did you mean \`bai ${near}\`? ${all}`;
  return new UsageError(`unknown command '${word}'`, { hint });
}

function nearest(word: string): string | undefined {
  const visible = commands.filter(({ path, hidden }) => hidden !== true && path.includes(' '));
  const named = visible.find(({ path }) => path.split(' ')[1] === word);
  return (named ?? visible.find(({ aliases }) => aliases?.includes(word)))?.path;
}

function isGroup(word: string | undefined): boolean {
  return word !== undefined && Object.hasOwn(groups, word);
}

function namesIn(group: string): readonly string[] {
  return commands
    .filter(({ path, hidden }) => path.startsWith(`${group} `) && hidden !== true)
    .map(({ path }) => path.slice(group.length + 1));
}
