/** What the command tree says of each command: for docs/reference/ and the manual pages. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { bundleOptions } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file) => readFileSync(join(root, file), 'utf8');

/**
 * `{ groups: [{ name, summary, section, commands }], globalOptions }`, in the order of the help. A command has `path`, `summary`, `usage`, `aliases`, `arguments` and
 * `options` (`{ term, text, setting }`), `notes`, `examples`, `json` and `isForSession` (what follows the session is not bai's).
 */
export async function readReference() {
  const { commands, createProgram, groups, sections } = await loadSources();
  const settings = settingsOfFlags();
  const shown = [];
  for (const entry of commands.filter(({ hidden }) => hidden !== true))
    shown.push(await describe(entry, createProgram, settings));
  const inGroup = (name) => shown.filter(({ path }) => path.startsWith(`${name} `));
  const alone = shown.filter(({ path }) => !path.includes(' '));
  const groupOf = (name) => {
    const command = alone.find(({ path }) => path === name);
    const own = command === undefined ? [] : [command];
    return { name, summary: command?.summary ?? groups[name], commands: [...own, ...inGroup(name)] };
  };
  return {
    groups: Object.entries(sections).flatMap(([heading, names]) =>
      names.map((name) => ({ ...groupOf(name), section: heading.replace(':', '') })),
    ),
    globalOptions: shown[0].globalOptions,
  };
}

async function loadSources() {
  const folder = mkdtempSync(join(tmpdir(), 'bai-reference-'));
  try {
    const outfile = join(folder, 'sources.mjs');
    const { entryNames: _, splitting: _split, ...options } = bundleOptions('');
    const contents = `export { createProgram } from './src/main.ts'; export { commands, groups } from './src/commands/index.ts'; export { sections } from './src/commands/help-layout.ts';`;
    buildSync({ ...options, stdin: { contents, resolveDir: root }, outfile });
    return await import(pathToFileURL(outfile));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function describe({ path, summary, aliases = [], afterSession }, createProgram, settings) {
  let help = '';
  const stdout = { write: (text) => (help += text) };
  const words = path.split(' ');
  const program = await createProgram({ version: '', stdout, stderr: stdout }, words);
  const command = words.reduce(
    (parent, name) => parent.commands.find((each) => each.name() === name),
    program,
  );
  command.outputHelp();
  const [, usage] = /^Usage: (.*)$/m.exec(help);
  const [before, examples = ''] = help.split('\nExamples:\n');
  const terms = (list, term, text) => list.map((each) => ({ term: term(each), text: text(each) }));
  const optionsOf = (list) =>
    list
      .filter(({ hidden }) => !hidden)
      .map((option) => ({
        term: command.createHelp().optionTerm(option),
        text: command.createHelp().optionDescription(option),
        // That of `sftp put` chooses between SFTP and tar.
        setting: path.startsWith('sftp ') && option.long === '--via' ? undefined : settings[option.long],
      }));
  return {
    ...{ path, summary, usage, aliases, isForSession: afterSession !== undefined },
    arguments: terms(
      command.registeredArguments,
      (each) => each.name(),
      (each) => each.description,
    ),
    options: optionsOf(command.options),
    globalOptions: optionsOf(program.options),
    notes: notesIn(before, aliases),
    examples: examples
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
    json: jsonOf(path),
  };
}

/** What stands behind the options. */
function notesIn(help, aliases) {
  const [, after = ''] = /\nEvery command takes: .*\n(?:\S.*\n)*([\s\S]*)$/.exec(help) ?? [];
  return after.replace(aliases.length > 0 ? `Aliases: ${aliases.join(', ')}` : '', '').trim();
}

/** Flag → the setting that it stands in for, by the table of settings. */
function settingsOfFlags() {
  const rows = [...read('docs/settings.md').matchAll(/^\| `(\w+)` \|.*Flag: `(--[\w-]+)`/gm)];
  return Object.fromEntries(rows.map(([, name, flag]) => [flag, name]));
}

/** The form of its answer, by the tables of docs/json-output.md; nothing where it stands in the text there. */
function jsonOf(path) {
  const row = read('docs/json-output.md')
    .split('\n')
    .find((line) => line.startsWith('| `') && line.split('|')[1].includes(`\`${path}\``));
  return row?.split(/(?<!\\)\|/)[2]?.trim();
}
