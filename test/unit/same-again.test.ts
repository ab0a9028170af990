/** The line that creates the same session without a question. */

import { Command } from 'commander';
import { expect, test } from 'vitest';
import { backendAi } from '../../src/commands/session/create-backend-ai.ts';
import { sameAgain } from '../../src/commands/session/same-again.ts';

function typed(args: readonly string[]): Command {
  const command = new Command('create')
    .argument('[what]')
    .option('-t, --name <name>')
    .option('-n, --dry-run');
  backendAi.define(command);
  return command.parse(args, { from: 'user' });
}

test('what was typed and what was answered stand there, and what is the default does not', () => {
  const command = typed(['--name', 'x', '-e', 'A=1', '-e', 'B=2', '--no-reuse', '-n']);
  expect(sameAgain(command, 'python:3.11', { mount: ['-rf', 'data'] })).toEqual([
    ...['bai', 'session', 'create', 'python:3.11', '--name', 'x', '-m', '-rf', '-m', 'data'],
    ...['-e', 'A=1', '-e', 'B=2', '--no-reuse'],
  ]);
});

test('an image that begins with a dash is not taken for an option, nor a folder', () => {
  const words = sameAgain(typed(['--name', 'x']), '-evil:1', { mount: ['-rf'], resources: ['cpu=1'] });
  const again = typed(words.slice(3));
  expect(again.args).toEqual(['-evil:1']);
  expect(again.opts()).toMatchObject({ name: 'x', mount: ['-rf'], resources: ['cpu=1'] });
});
