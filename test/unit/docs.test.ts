/** Keeps README.md and docs/ true to the code. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { commands } from '../../src/commands/index.ts';
import { definitionOf, settingNames } from '../../src/core/settings/settings.ts';
import { errorCodes } from '../../src/error-codes/index.ts';
import { statusMeanings } from '../../src/error-codes/statuses.ts';
import { ExitCode } from '../../src/errors.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const documents = [
  'README.md',
  'README.ko.md',
  'README.ja.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
].filter((file) => file.endsWith('.md'));
const exitCodes = read('docs/exit-codes.md');

test.each(Object.entries(ExitCode))('exit status %s (%i) is in docs/exit-codes.md', (name, status) => {
  const meaning = statusMeanings[name];
  expect(exitCodes.split('\n')).toContain(`| ${status} | ${name} | ${meaning} |`);
});

test.each(Object.entries(errorCodes))(
  'docs/exit-codes.md has the codes of %s as the sources do',
  (group, codes) => {
    const section = exitCodes.split(/^### /m).find((text) => text.startsWith(`${group}\n`)) ?? '';
    const rows = Object.entries(codes).map(
      ([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${meaning} |`,
    );
    expect(
      section.split('\n').filter((line) => line.startsWith('| `')),
      'npm run docs:codes writes them',
    ).toEqual(rows);
  },
);

test('every code in the table is one that something ends with', () => {
  const listed = Object.values(errorCodes).flatMap((codes) => Object.keys(codes));
  const used = codesInSources();
  expect(listed.filter((code) => !used.includes(code))).toEqual([]);
});

test.each(commands.filter(({ hidden }) => hidden !== true).map(({ path }) => path))(
  '%s is shown in README.md or docs/',
  (path) => {
    expect(documents.some((file) => new RegExp(`\\bbai ${path}\\b`).test(read(file)))).toBe(true);
  },
);

test.each(commands.filter(({ hidden }) => hidden !== true).map(({ path }) => path))(
  'the JSON form of %s is in docs/json-output.md',
  (path) => {
    expect(read('docs/json-output.md')).toContain(`\`${path}\``.replace('`app ssh`', '`bai app ssh`'));
  },
);

test.each(settingNames)('docs/settings.md has %s with its variables and default', (name) => {
  const { env, fallback } = definitionOf(name);
  const row = read('docs/settings.md')
    .split('\n')
    .find((line) => line.startsWith(`| \`${name}\` |`));
  const [, , variables = '', value = ''] = row?.split('|') ?? [];
  expect(quoted(variables)).toEqual(env);
  expect(quoted(value)).toEqual(fallback === undefined ? [] : [fallback]);
});

test('README.md can be read at one sitting: 150 lines', () => {
  expect(read('README.md').split('\n').length).toBeLessThanOrEqual(151);
});

test.each(documents)('the links of %s lead to files and headings that exist', (file) => {
  const links = [...read(file).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  const broken = links.filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : join(dirname(file), path);
    return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
  });
  expect(broken).toEqual([]);
});

test.each(documents)('the source files that %s names exist', (file) => {
  const example = 'src/commands/session/id.ts';
  const named = quoted(read(file)).filter((word) => /^[\w./-]+\/[\w.-]+\.(ts|cjs|mjs)$/.test(word));
  const missing = named.filter(
    (path) =>
      path !== example &&
      path !== 'dist/cli.js' &&
      !existsSync(join(root, path)) &&
      !existsSync(join(root, 'src', path)),
  );
  expect(missing).toEqual([]);
});

test.each(documents)('no line of %s names a path or a registry of the machine it was written on', (file) => {
  const lines = read(file)
    // Paths inside a session.
    .replaceAll(/\/(?:tmp\/dropbear|opt\/kernel)\b/g, '')
    .split('\n')
    .filter((line) => /(?<![\w.])\/(work|tmp|root|opt|var)\/|registry\.|\/simple\b|_authToken/.test(line));
  expect(lines).toEqual([]);
});

test.each(documents)('%s prints no npx bai as something to run', (file) => {
  const runnable = read(file)
    .split('\n')
    .filter((line) => /\bnpx bai\b/.test(line) && !/\*\*(?:Do not run )?`npx bai`/.test(line));
  expect(runnable).toEqual([]);
});

/** For who builds bai, on a system with a POSIX shell. */
const forBuilders = new Set([
  'adding-a-command',
  'architecture',
  'benchmarks',
  'decisions',
  'protocol-notes',
  'round-trips',
]);
const guides = [
  ...documents.filter((file) => !forBuilders.has(/([^/]+)\.md$/.exec(file)?.[1] ?? '')),
  ...readdirSync(join(root, 'docs/reference')).map((name) => `docs/reference/${name}`),
];

test.each(guides)('what %s tells to type in a POSIX shell alone it tells for PowerShell, too', (file) => {
  const lacking = sectionsOf(read(file)).flatMap((section) => {
    const isSaidForBoth = /^```powershell$|# PowerShell$|\(PowerShell: `/m.test(section);
    return isSaidForBoth ? [] : typedLines(section).filter(isPosixAlone);
  });
  expect(lacking).toEqual([]);
});

test.each([
  "bai session list --filter 'name=train-*'",
  'export BAI_PROFILE=sdu      # or --profile',
  'BAI_PROFILE=sdu bai session list',
  'bai session create python:3.11 \\',
  'eval "$(bai local up --export)"',
  'bai sftp put -r src "$name:"',
  'source <(bai completion bash)',
  'while read -r name; do bai exec "$name"; done < names.txt',
])('%j is for a POSIX shell alone', (line) => {
  expect(isPosixAlone(line)).toBe(true);
});

test.each([
  'bai session list --filter "name=train-*"',
  'bai ssh demo uname -s',
  "bai config set token --profile sdu   # asks for it, as the platform's own program does",
  'tar c src | bai sftp put - demo:src.tar',
  '$ bai ssh demo uname -s'.slice(2),
])('%j is read by every shell', (line) => {
  expect(isPosixAlone(line)).toBe(false);
});

/** From heading to heading. */
function sectionsOf(text: string): string[] {
  return text.split(/^(?=#+ (?:.*)$)/m);
}

/** What a reader types: lines of `sh`, those behind a prompt of `console`, and what stands in a sentence. */
function typedLines(section: string): string[] {
  const blocks = [...section.matchAll(/^```(sh|console)\n([\s\S]*?)^```$/gm)];
  const typed = blocks.flatMap(([, kind, body = '']) => {
    const lines = body.split('\n');
    return kind === 'sh' ? lines : lines.flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []));
  });
  const prose = section.replaceAll(/^```[\s\S]*?^```$/gm, '');
  return [...typed, ...quoted(prose).filter((line) => /^(?:eval|export|bai) /.test(line))];
}

/** Quotes, ends of lines, variables and redirections that cmd.exe or PowerShell have another word for. */
function isPosixAlone(line: string): boolean {
  const command = line.replace(/(?:^|\s)#\s.*$/, '').trimEnd();
  return /'[^']*'|\\$|^(?:export|eval|source|set -|trap) ?|^[A-Z][A-Z\d_]*=\S* \S|"?\$[({\w]|<\(|\s<\s|^(?:for|while) .*; do /.test(
    command,
  );
}

function quoted(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
}

function anchorsOf(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Error codes are literals, constants, or the last argument of what notes a problem of a tree. */
function codesInSources(): string[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('emulator') && !file.startsWith('error-codes'),
  );
  const source = files.map((file) => read(join('src', file))).join('\n');
  const literals = [...source.matchAll(/\bcode: [^,;\n}]*/g)].flatMap((match) =>
    [...match[0].matchAll(/'([a-z][a-z-]*)'/g)].map((literal) => literal[1] ?? ''),
  );
  const constants = [...source.matchAll(/\bcode: (\w+)[,\s}]/g)].flatMap((match) => {
    const value = new RegExp(`^(?:export )?const ${match[1]} = '([a-z-]+)'`, 'm').exec(source)?.[1];
    return value === undefined ? [] : [value];
  });
  const noted = [...source.matchAll(/\.(?:fail|skip)\([^;\n]*'([a-z][a-z-]*)'\)/g)].map(
    (match) => match[1] ?? '',
  );
  const ends = ['session-error', 'session-cancelled', 'session-terminated'];
  const ofSystem = [...read('src/output/describe-error.ts').matchAll(/^ {2}(E[A-Z]+): \[/gm)].map(
    (match) => `local-${(match[1] ?? '').toLowerCase()}`,
  );
  const fallback = ['failure'];
  return [...new Set([...literals, ...constants, ...noted, ...ends, ...ofSystem, ...fallback])].sort();
}
