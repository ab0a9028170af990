/** `bai --help`: what there is, in sections, on a terminal of 80 columns. */

import type { Command } from 'commander';
import { beforeAll, expect, test } from 'vitest';
import { sections } from '../../src/commands/help-layout.ts';
import { commands, groups } from '../../src/commands/index.ts';
import type { Context } from '../../src/context.ts';
import { createProgram } from '../../src/main.ts';

const helpOf = async (path: readonly string[]): Promise<string> => {
  let help = '';
  const stdout = { write: (text: string) => (help += text) };
  const context = { version: '0', stdout, stderr: stdout } as unknown as Context;
  const program = await createProgram(context, path);
  const command = path.reduce<Command | undefined>(
    (parent, name) => parent?.commands.find((each) => each.name() === name),
    program,
  );
  command?.outputHelp();
  return help;
};

let main: readonly string[] = [];
beforeAll(async () => {
  main = (await helpOf([])).split('\n');
});

test('every first word of a command stands in one section, in its order, the daily ones first', () => {
  const alone = commands.filter(({ path, hidden }) => hidden !== true && !path.includes(' '));
  const words = [...new Set([...Object.keys(groups), ...alone.map(({ path }) => path)])];
  expect(Object.values(sections).flat().toSorted()).toEqual(words.toSorted());
  const shown = main.filter((line) => / {2}\S/.test(line)).map((line) => line.trim().split(/ {2,}/)[0]);
  const order = shown.filter((word) => words.includes(word ?? ''));
  expect(order).toEqual(Object.values(sections).flat());
  const headings = main.filter((line) => /^\S.*:$/.test(line));
  expect(headings).toEqual([...Object.keys(sections), 'Options:', 'Examples:']);
});

test('no line of it is wider than 80 columns, and it teaches the short name of ssh', () => {
  expect(main.filter((line) => line.length > 80)).toEqual([]);
  expect(main).toContain('  bai ssh demo');
  expect(main.join('\n')).not.toContain('app ssh');
});

test('options of every command are one list at the end of a help, not nine lines in each', async () => {
  const help = await helpOf(['session', 'wait']);
  expect(help.replaceAll(/\s+/g, ' ')).toContain('Every command takes: --json, --template, -q/--quiet');
  expect(help).not.toContain('Global Options');
});
