/** What is said of a command line that nobody can carry out. */

import { Command, CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { explainUsage, refuseGroupAlone, withHelp } from '../../src/commands/usage.ts';
import { UsageError } from '../../src/errors.ts';

test.each([
  ['help', '--help'],
  ['help session', 'session --help'],
  ['--no-color help session create', '--no-color session create --help'],
  ['help ssh demo', 'ssh demo --help'],
  ['session list', 'session list'],
  ['ssh help', 'ssh help'],
])('bai %s is bai %s', (line, meant) => {
  expect(withHelp(line.split(' ')).join(' ')).toBe(meant);
});

function thrown(work: () => unknown): Pick<UsageError, 'message' | 'hint' | 'details'> {
  try {
    work();
  } catch (error) {
    if (error instanceof UsageError) return error;
  }
  throw new Error('nothing was refused');
}

test.each([
  ['help nosuch', "unknown command 'nosuch'", '`bai --help` shows what there is'],
  ['help session nosuch', "unknown command 'nosuch'", '`bai session --help` shows what there is'],
  [
    'help list',
    "unknown command 'list'",
    'did you mean `bai session list`? `bai --help` shows what there is',
  ],
])('bai %s is refused', (line, message, hint) => {
  const error = thrown(() => withHelp(line.split(' ')));
  expect([error.message, error.hint]).toEqual([message, hint]);
});

test('a group alone is an error in JSON, which names its commands', () => {
  const error = thrown(() => refuseGroupAlone(['config', '--json'], true));
  expect(error.details).toEqual({ commands: ['list', 'get', 'set', 'unset', 'path'] });
  expect(error.hint).toBe('`bai config --help` shows which');
  for (const line of ['config --help', 'config list', 'ssh', '--help'])
    refuseGroupAlone(line.split(' '), true);
  refuseGroupAlone(['config'], false);
});

function program(): Command {
  const root = new Command('bai');
  const session = root.command('session');
  session.command('terminate').argument('<sessions...>').option('--yes');
  session.command('rename').argument('<session>').argument('<name>');
  return root;
}

test.each([
  ['put', '', /^did you mean `bai sftp put`\?/],
  ['rotate', '', /^did you mean `bai key rotate`\?/],
  ['nonsense', '', /^`bai --help` shows/],
])('the word %s alone names what may be meant', (word, like, hint) => {
  const told = new CommanderError(1, 'commander.unknownCommand', `error: unknown command '${word}'${like}`);
  const error = explainUsage(told, [word], program());
  expect([error.message, error.hint]).toEqual([`unknown command '${word}'`, expect.stringMatching(hint)]);
});

test('an argument that is missing is named as the usage line does, which is the hint', () => {
  const told = (name: string) =>
    new CommanderError(1, 'commander.missingArgument', `error: missing required argument '${name}'`);
  const many = explainUsage(told('sessions'), ['session', 'terminate'], program());
  expect([many.message, many.hint]).toEqual([
    'missing argument <sessions...>',
    'usage: bai session terminate [options] <sessions...>',
  ]);
  const one = explainUsage(told('name'), ['session', 'rename', 'demo'], program());
  expect([one.message, one.hint]).toEqual([
    'missing argument <name>',
    'usage: bai session rename [options] <session> <name>',
  ]);
});
