/** docs/cli-style.md, held over the whole command tree. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, type Option } from 'commander';
import { beforeAll, expect, test } from 'vitest';
import { valuesOf } from '../../src/commands/complete-words.ts';
import { helpLayout } from '../../src/commands/help-layout.ts';
import { commands, groups } from '../../src/commands/index.ts';
import { addGlobalOptions } from '../../src/commands/shared/global-options.ts';
import { oneOf } from '../../src/commands/shared/options.ts';
import { UsageError } from '../../src/errors.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/cli-style.md'), 'utf8');

interface Placed {
  readonly path: string;
  readonly option: Option;
  readonly term: string;
  readonly told: string;
}

const placed: Placed[] = [];
const described: (readonly [where: string, text: string])[] = [];

beforeAll(async () => {
  const place = (path: string, options: readonly Option[]): void => {
    for (const option of options.filter(({ hidden }) => !hidden)) {
      const layout = new Command().configureHelp(helpLayout).createHelp();
      placed.push({ path, option, term: layout.optionTerm(option), told: layout.optionDescription(option) });
    }
  };
  place('', addGlobalOptions(new Command()).options);
  for (const entry of commands.filter(({ hidden }) => hidden !== true)) {
    const command = new Command();
    // Nothing is asked of the context before the action.
    (await entry.load()).define(command, {} as never);
    place(entry.path, command.options);
    described.push([entry.path, entry.summary]);
    for (const argument of command.registeredArguments)
      described.push([`${entry.path} ${argument.name()}`, argument.description]);
  }
  described.push(
    ...Object.entries(groups),
    ...placed.map(({ path, term, told }) => [`${path} ${term}`, told] as const),
  );
});

function byLongName(): [string, Placed[]][] {
  const names = [...new Set(placed.map(({ option }) => option.long ?? ''))];
  return names.map((name) => [name, placed.filter(({ option }) => option.long === name)]);
}

/** Of the rows of a table in docs/cli-style.md. */
function rowsBelow(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

test('an option of one name takes the same kind of value wherever it is', () => {
  const several = byLongName().flatMap(([name, all]) => {
    const values = [...new Set(all.map(({ term }) => / (.*)$/.exec(term.replace(/^-\w, /, ''))?.[1] ?? ''))];
    return values.length > 1 ? [`${name}: ${values.join(', ')}`] : [];
  });
  expect(several).toEqual([]);
});

test('an option of one name has the same letter wherever it has one', () => {
  const several = byLongName().flatMap(([name, all]) => {
    const letters = [
      ...new Set(all.flatMap(({ option: { short } }) => (short?.length === 2 ? [short] : []))),
    ];
    return letters.length > 1 ? [`${name}: ${letters.join(', ')}`] : [];
  });
  expect(several).toEqual([]);
});

test('the letters that mean more than one thing are those that docs/cli-style.md accounts for', () => {
  const letters = [
    ...new Set(placed.flatMap(({ option: { short } }) => (short?.length === 2 ? [short] : []))),
  ];
  const meanings = letters.flatMap((letter) => {
    const names = [
      ...new Set(placed.filter(({ option }) => option.short === letter).map(({ option }) => option.long)),
    ];
    return names.length > 1 ? [`${letter}: ${names.map(String).toSorted().join(', ')}`] : [];
  });
  const written = rowsBelow('Letters').map(([letter, names]) => `${letter}: ${names}`);
  expect(meanings.toSorted()).toEqual(written.toSorted());
});

test('what an option means by its name is said in one table, and no other name means it', () => {
  const names = new Set(placed.map(({ option }) => option.long));
  for (const [name, old] of rowsBelow('Names')) {
    expect(names, name).toContain(name?.replace(/^-\w, /, ''));
    for (const other of (old ?? '').split(', ').filter((word) => word.startsWith('--')))
      expect(names).not.toContain(other);
  }
});

test('an old spelling still works, and is in no help', async () => {
  const all = new Set<string>();
  for (const entry of commands) {
    const command = new Command();
    (await entry.load()).define(command, {} as never);
    for (const { long, short } of command.options) for (const name of [long, short]) if (name) all.add(name);
  }
  const shown = placed.map(({ term }) => term).join('\n');
  for (const old of rowsBelow('Names').flatMap(([, others]) => (others ?? '').split(', ').filter(Boolean))) {
    expect(all).toContain(old);
    expect(shown).not.toContain(`${old} `);
  }
});

test('every value has a name in capitals', () => {
  const wrong = placed.filter(({ option, term }) => option.required && !/ [/A-Z][A-Z/@[\]=,-]*$/.test(term));
  expect(wrong.map(({ path, term }) => `${path} ${term}`)).toEqual([]);
  expect(placed.filter(({ option, term }) => option.required && term.includes('<'))).toEqual([]);
});

test('what happens without an option is said in one way: (default: …)', () => {
  const other = /when not given|when left out|by default|usually|\(the default\)|default: (?:false|true|")/;
  expect(described.filter(([, text]) => other.test(text))).toEqual([]);
  const twice = placed.filter(({ told }) => told.split('(default').length > 2);
  expect(twice.map(({ path, term }) => `${path} ${term}`)).toEqual([]);
});

test('an option with a few values names them all behind "one of"', () => {
  const lacking = placed.flatMap(({ path, option, told }) => {
    const values = valuesOf[`${path} ${option.long}`] ?? valuesOf[option.long ?? ''];
    if (values === undefined || typeof values === 'string') return [];
    return told.includes(`one of ${values.join(', ')}`) ? [] : [`${path} ${option.long}: ${told}`];
  });
  expect(lacking).toEqual([]);
});

test('a value that is nearly right is answered with the right one', () => {
  const refused = (text: string): unknown => {
    try {
      return oneOf('--via', text, ['manager', 'proxy', 'direct']);
    } catch (error) {
      return error instanceof UsageError ? [error.message, error.hint] : error;
    }
  };
  const message = '--via must be one of manager, proxy, direct';
  expect(refused('proxi')).toEqual([`${message}, not "proxi"`, 'did you mean proxy?']);
  expect(refused('Manager')).toBe('manager');
  expect(refused('elsewhere')).toEqual([`${message}, not "elsewhere"`, undefined]);
});

test('texts begin small, end without a full stop, and say "such as"', () => {
  const wrong = described.filter(
    ([, text]) => /\.$|\be\.g\.|\bi\.e\./.test(text) || /^[A-Z][a-z]/.test(text),
  );
  expect(wrong).toEqual([]);
});

test('a summary fits on a line of 80 columns', () => {
  const long = commands.filter(({ summary, hidden }) => hidden !== true && summary.length > 78);
  expect(long.map(({ path }) => path)).toEqual([]);
});
