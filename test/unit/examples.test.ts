/** Each command shows in its help what it looks like in use. */

import { Command } from 'commander';
import { expect, test } from 'vitest';
import { commands } from '../../src/commands/index.ts';
import { addGlobalOptions } from '../../src/commands/shared/global-options.ts';
import { knownWords } from '../../src/commands/words.ts';
import type { Context } from '../../src/context.ts';
import { splitWords } from '../../src/core/text/shell-words.ts';
import { createProgram } from '../../src/main.ts';

test.each(commands.filter(({ hidden }) => hidden !== true))(
  'the help of $path has examples of it, with options that there are',
  async ({ path, afterSession }) => {
    let help = '';
    const stdout = { write: (text: string) => (help += text) };
    const context = { version: '0', stdout, stderr: stdout } as unknown as Context;
    const program = await createProgram(context, path.split(' '));
    const command = path
      .split(' ')
      .reduce<Command | undefined>(
        (parent, name) => parent?.commands.find((each) => each.name() === name),
        program,
      );
    command?.outputHelp();
    const examples = linesOf(help);
    expect(examples.length).toBeGreaterThan(0);
    const options = [...addGlobalOptions(new Command()).options, ...(command?.options ?? [])];
    for (const words of examples) {
      // `bai sftp SESSION` is its shell, `bai forward SESSION` starts one, `bai app ssh` and `bai ssh` are the same.
      expect([path, 'sftp', 'forward', 'ssh', 'app ssh']).toContain(knownWords(words).join(' '));
      // Behind a session's name they are of ssh, or of a command.
      if (afterSession === undefined) expect(unknownOptions(words, options)).toEqual([]);
    }
  },
);

function linesOf(help: string): string[][] {
  const [, after = ''] = /\nExamples:\n([\s\S]*)$/.exec(help) ?? [];
  const commandLines = after.split('\n').flatMap((line) => /^ .*\bbai (.*)$/.exec(line)?.[1] ?? []);
  return commandLines.map((line) => splitWords(line.split(/ # | > | \| |; /)[0] ?? ''));
}

function unknownOptions(words: readonly string[], options: Command['options']): string[] {
  const find = (word: string) => options.find(({ short, long }) => short === word || long === word);
  return words.filter((word, index) => {
    const isValue = find(words[index - 1] ?? '')?.required === true;
    if (isValue || !/^--?\w/.test(word)) return false;
    const letters = /^-([a-z]{2,})$/.exec(word)?.[1]?.split('') ?? [];
    return letters.length > 0
      ? letters.some((letter) => !find(`-${letter}`))
      : !find(word.split('=')[0] ?? '');
  });
}
