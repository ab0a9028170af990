/** The pages that people read can be read, and what they show to type is there. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { commands, groups } from '../../src/commands/index.ts';
import { addGlobalOptions } from '../../src/commands/shared/global-options.ts';
import { knownWords, withUsualCommand } from '../../src/commands/words.ts';
import { splitWords } from '../../src/core/text/shell-words.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const pages = [
  ...['accessible', 'ci', 'clients', 'completion', 'editors', 'exit-codes', 'files', 'forwards', 'keys'],
  ...['limits', 'profiles', 'quick-start', 'rescale', 'sessions', 'settings', 'signing-in', 'ssh'],
  ...['troubleshooting', 'ucloud'],
];

test.each(['README.md', ...pages.map((name) => `docs/${name}.md`)])(
  'half of the sentences of %s have 15 words at most',
  (file) => {
    const lengths = sentencesOf(read(file))
      .map(wordsIn)
      .toSorted((a, b) => a - b);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(15);
  },
);

/** Without code, tables and headings; each item of a list begins one. */
function sentencesOf(text: string): string[] {
  const prose = text
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .split('\n')
    .filter((line) => !/^\s*[|#]/.test(line))
    .join('\n')
    .replaceAll(/`[^`]+`/g, 'code')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  return prose
    .split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.)\s)/)
    .flatMap((part) => part.replaceAll(/\s+/g, ' ').split(/(?<=[.!?])\s+(?=\S)/))
    .filter((sentence) => wordsIn(sentence) > 1);
}

function wordsIn(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /\w/.test(word)).length;
}

const shown = [
  'README.md',
  ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')),
].flatMap((name) => {
  const file = name === 'README.md' ? name : `docs/${name}`;
  const blocks = [...read(file).matchAll(/^```(?:console)?\n([\s\S]*?)^```/gm)].map(
    ([, block]) => block ?? '',
  );
  const lines = blocks.flatMap((block) =>
    [...block.matchAll(/^\$ bai (.*)$/gm)].map(([, line]) => line ?? ''),
  );
  return lines
    .filter((line) => file !== 'docs/adding-a-command.md' || !line.startsWith('session id'))
    .map((line) => [file, line] as const);
});

test.each(shown)('%s shows `bai %s`, a command with options that there are', async (_file, line) => {
  const words = withUsualCommand(splitWords(line.split(/ # | > | \| |; /)[0] ?? ''));
  const path = knownWords(words).join(' ');
  const entry = commands.find(({ path: each, aliases = [] }) => {
    const [group = '', name = ''] = each.split(' ');
    return each === path || aliases.some((alias) => `${group} ${alias}` === path && name !== '');
  });
  const isWhole =
    entry !== undefined || words.length === 0 || words[0] === 'help' || words[0]?.startsWith('-');
  expect(isWhole, `${path}: ${Object.keys(groups).join(' ')}`).toBe(true);
  // Behind a session's name they are of ssh, or of a command.
  if (entry === undefined || entry.afterSession !== undefined) return;
  const command = addGlobalOptions(new Command());
  (await entry.load()).define(command, {} as never);
  const { unknown } = command.parseOptions([...words]);
  expect(unknown.filter((word) => /^--?[a-z]/i.test(word) && !word.startsWith('--json='))).toEqual([]);
});
