/**
 * `npm run docs:reference` writes docs/reference/ from the command tree and docs/schema/ from src/schema/, and `-- --man FOLDER` the
 * manual pages there. With `--check` nothing is written: what differs from docs/ is named, with status 1.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { manualPages } from './manual.mjs';
import { readReference } from './reference.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { man: { type: 'string' }, check: { type: 'boolean' } } });
const reference = await readReference();
const schemas = await readSchemas();
const folders = {
  'docs/reference': markdownPages(reference),
  'docs/schema': Object.fromEntries(
    schemas.schemas.map(({ name, schema }) => [`${name}.json`, `${JSON.stringify(schema, undefined, 2)}\n`]),
  ),
  // What commands read; with the sources, so that it goes into the bundle.
  'src/schema': { 'published.json': `${JSON.stringify(schemas)}\n` },
};
if (values.man !== undefined) writeAll(values.man, manualPages(reference));
else
  for (const [folder, pages] of Object.entries(folders))
    (values.check ? check : writeAll)(join(root, folder), pages);

async function readSchemas() {
  const { outputFiles } = buildSync({
    entryPoints: [join(root, 'src/schema/index.ts')],
    ...{ bundle: true, platform: 'node', format: 'esm', write: false },
  });
  return (await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`)).published;
}

/** Of the same kind: the rest of a folder is not written here. */
function pagesIn(folder, pages) {
  const kinds = new Set(Object.keys(pages).map((name) => extname(name)));
  return existsSync(folder) ? readdirSync(folder).filter((name) => kinds.has(extname(name))) : [];
}

function check(folder, pages) {
  const names = new Set([...pagesIn(folder, pages), ...Object.keys(pages)]);
  const isSame = (name) => {
    const path = join(folder, name);
    return existsSync(path) && readFileSync(path, 'utf8') === pages[name];
  };
  const other = [...names].filter((name) => !isSame(name));
  if (other.length === 0) return;
  console.error(`not as the commands are: ${other.join(', ')}; npm run docs:reference writes them`);
  process.exitCode = 1;
}

/** Pages of commands that are gone go. */
function writeAll(folder, pages) {
  mkdirSync(folder, { recursive: true });
  for (const name of pagesIn(folder, pages)) if (!(name in pages)) rmSync(join(folder, name));
  for (const [name, text] of Object.entries(pages)) writeFileSync(join(folder, name), text);
}

function markdownPages({ groups, globalOptions }) {
  const pages = Object.fromEntries(groups.map((group) => [`${group.name}.md`, pageOf(group)]));
  const rowsOf = ({ name, commands }) =>
    commands.map(
      ({ path, summary }) => `| [\`bai ${path}\`](${name}.md#${anchor(path)}) | ${cell(summary)} |`,
    );
  const sections = [...new Set(groups.map(({ section }) => section))].map((section) => {
    const rows = groups.filter((group) => group.section === section).flatMap(rowsOf);
    return `## ${section}\n\n| command | what it does |\n|---|---|\n${rows.join('\n')}\n`;
  });
  pages['README.md'] = `# Reference

Each command, as \`bai COMMAND --help\` has it. This folder is written by \`npm run docs:reference\`.

${sections.join('\n')}
## Options that every command takes

${table('option', globalOptions)}
`;
  return pages;
}

function anchor(path) {
  return `bai-${path.replaceAll(' ', '-')}`;
}

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll(/<([\w=-]+)>/g, '‹$1›');
}

function pageOf({ name, summary, commands }) {
  const intro = commands.length === 1 && commands[0].path === name ? '' : `\n${sentence(summary)}\n`;
  return `# bai ${name}\n${intro}\n${commands.map(sectionOf).join('\n')}`;
}

function sectionOf(command) {
  const { path, summary, usage, aliases, options, notes, examples, json, isForSession } = command;
  const parts = [
    `## bai ${path}`,
    sentence(summary),
    `\`\`\`\n${usage}\n\`\`\``,
    aliases.length > 0 && `Other names: ${aliases.map((each) => `\`${each}\``).join(', ')}.`,
    command.arguments.length > 0 && table('argument', command.arguments),
    options.length > 0 && table('option', options),
    notes !== '' && `\`\`\`text\n${notes}\n\`\`\``,
    `\`\`\`sh\n${examples.join('\n')}\n\`\`\``,
    isForSession
      ? 'Exit status: that of the command in the session, 255 when the connection failed ([exit codes](../exit-codes.md)).'
      : 'Exit status: 0, or one of [exit codes](../exit-codes.md).',
    `JSON: ${json ?? 'see [JSON output](../json-output.md)'}`,
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function table(title, rows) {
  const lines = rows.map(({ term, text, setting }) => {
    const also = setting === undefined ? '' : `; setting \`${setting}\``;
    return `| \`${term.replaceAll('|', '\\|')}\` | ${cell(text)}${also} |`;
  });
  return [`| ${title} | |`, '|---|---|', ...lines].join('\n');
}

function sentence(text) {
  const plain = cell(text);
  return `${plain[0].toUpperCase()}${plain.slice(1)}.`;
}
