/** What Tab offers, by the commands' own definitions. */

import { Command } from 'commander';
import { expect, test } from 'vitest';
import { questionAt } from '../../src/commands/complete-words.ts';
import { commands } from '../../src/commands/index.ts';
import type { Context } from '../../src/context.ts';
import { isPlainWord } from '../../src/core/completion.ts';
import { completeWords, wordsIn } from '../../src/services/completion/complete.ts';

// Nothing is asked of the context before an action.
const context = {} as Context;
const names = {
  session: ['demo', 'other', 'a$(touch x)', '-rf', ':files', 'blank space', "quo'te", 'new\nline'],
  remote: ['demo:', 'demo:src/'],
};

const offers = async (line: string): Promise<readonly string[]> => {
  const lines = await completeWords(await questionAt(wordsIn(line), context), {
    names: async (kind) => (kind === 'session' || kind === 'remote' ? names[kind] : [kind]),
    refresh: async () => {},
  });
  return lines.map((each) => each.split('\t')[0] ?? '');
};

test.each([
  ['bai pro', ['project', 'profile', 'provider']],
  ['bai session l', ['list', 'logs']],
  ['bai session ls --na', ['--name-only']],
  ['bai -P lab config get user', ['user']],
  ['bai config get "use', ['user']],
  ['bai session terminate ', ['demo', 'other']],
  ['bai session terminate demo o', ['other']],
  ['bai ssh ', ['demo', 'other']],
  ['bai ssh demo ', []],
  ['bai ssh demo -', []],
  ['bai --profile ', ['profile']],
  ['bai session create --like=d', ['--like=demo']],
  ['bai session create --like d', ['demo']],
  ['bai session create ', ['image']],
  ['bai sftp get ', ['demo:', 'demo:src/', ':files']],
  ['bai sftp get demo:s', ['demo:src/']],
  ['bai sftp put --via ', ['auto', 'sftp', 'tar']],
  ['bai key convert --to p', ['ppk', 'pem', 'pkcs8']],
  ['bai key convert ', [':files']],
  ['bai app forward demo ', ['app']],
  ['bai forward ', ['start', 'list', 'stop', 'logs', 'open', 'demo', 'other']],
  ['bai forward o', ['open', 'other']],
  ['bai forward demo ', ['app']],
  ['bai -P lab forward demo ', ['app']],
  ['bai sftp d', ['demo']],
  ['bai sftp demo ', []],
  ['bai completion ', ['bash', 'zsh', 'fish', 'powershell']],
  ['bai schema project', ['project-list']],
  ['bai nosuch ', []],
  ['bai help ex', ['exit-codes', 'exec']],
  ['bai help session li', ['list']],
  ['bai help whoami ', []],
  ['bai session nosuch ', []],
  ['bai key generate --comment ', []],
])('%j: %j', async (line, expected) => {
  expect(await offers(line)).toEqual(expected);
});

test('of names from a server only those are offered that are one plain word in every shell', () => {
  const refused = names.session.filter((name) => !isPlainWord(name));
  expect(refused).toEqual(names.session.slice(2));
});

test('what a value is has been said of each option and argument of each command', async () => {
  const onlyTheUserKnows =
    /^(session create (--(?!type|like|mount|project|scaling-group|cluster-mode|authorize|public-key|bootstrap-script).*)|.* --(endpoint|template|user|accept-host-key|title|key-lifetime|node|port|release|persist-name|ssh-host|exclude|include|allow-from|limit|seconds|bits|comment|owner|access-key|status|sort|columns|filter|tail|timeout|time|email|otp|title|remote|idle)|session rename name|key remove key|(app ssh|ssh) ssh-arguments|exec command|open path|config set value|login address|profile rename new-name|image list words|__complete .*)$/;
  const unknown: string[] = [];
  for (const entry of commands) {
    const command = new Command(entry.path);
    (await entry.load()).define(command, context);
    const words = [
      ...command.options.filter(({ required }) => required).map(({ long }) => `${long} `),
      ...command.registeredArguments.map((argument) => argument.name()),
    ];
    for (const word of words) {
      const typed = word.startsWith('-')
        ? `bai ${entry.path} ${word}`
        : `bai ${entry.path} ${'x '.repeat(command.registeredArguments.findIndex((each) => each.name() === word))}`;
      const question = await questionAt(wordsIn(typed), context);
      const isKnown = question.files || question.names.length > 0 || question.words.length > 0;
      if (!isKnown && !onlyTheUserKnows.test(`${entry.path} ${word.trim()}`))
        unknown.push(`${entry.path} ${word.trim()}`);
    }
  }
  expect(
    unknown,
    'say in src/commands/complete-words.ts what it is, or here that only the user knows',
  ).toEqual([]);
});
