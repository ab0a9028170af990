/** `npm run build` while bai runs, and while another build runs: nobody notices. */

import { execFile, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cleanEnvironment, finished } from '../support/bai.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { openTerminal } from '../support/terminal.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
let checkout: TempFolder;
let home: TempFolder;

/** A checkout of its own, since the other tests use what is built here. */
beforeAll(async () => {
  checkout = tempFolder();
  home = tempFolder();
  for (const name of ['bin', 'src', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(join(root, name), join(checkout.path, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(checkout.path, 'node_modules'));
  await build();
});

afterAll(() => {
  for (const folder of [checkout, home]) folder?.[Symbol.dispose]();
});

const dist = (...names: readonly string[]): string => join(checkout.path, 'dist', ...names);
const chunks = (): string[] => readdirSync(dist()).filter((name) => name.endsWith('.js'));

const build = (...options: readonly string[]) =>
  run(process.execPath, [join(checkout.path, 'scripts/build.mjs'), ...options]);

function start(...words: readonly string[]) {
  const options = { cwd: home.path, env: cleanEnvironment({ home: home.path }) };
  return spawn(process.execPath, [join(checkout.path, 'bin/bai.cjs'), ...words], options);
}

/** Every chunk is another one by it, and so has another name. */
function changeAll(): void {
  const script = join(checkout.path, 'scripts/bundle.mjs');
  const text = readFileSync(script, 'utf8');
  writeFileSync(script, text.replace("].join('\\n');", `  'void ${performance.now()};',\n].join('\\n');`));
}

test('two builds at once disturb neither each other nor the commands that are started meanwhile', async () => {
  const before = chunks();
  changeAll();
  let isBuilding = true;
  const builds = Promise.all([build(), build(), build('--force')]).finally(() => {
    isBuilding = false;
  });
  const wrong: unknown[] = [];
  let count = 0;
  const keepAsking = async (...words: readonly string[]): Promise<void> => {
    while (isBuilding) {
      const { code, stdout, stderr } = await finished(start(...words));
      count += 1;
      if (code !== 0 || stderr !== '' || stdout === '') wrong.push({ words, code, stderr });
    }
  };
  await Promise.all([
    builds,
    keepAsking('--help'),
    keepAsking('config', 'list'),
    keepAsking('key', '--help'),
  ]);
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(3);
  expect(chunks().filter((name) => !before.includes(name)).length).toBeGreaterThan(20);
});

test('a bai that was started before finds what it loads only afterwards', async () => {
  using terminal = openTerminal({ home: home.path });
  terminal.type(
    `'${process.execPath}' '${join(checkout.path, 'bin/bai.cjs')}' config set secretKey; echo "status $?"\r`,
  );
  await terminal.see(/secretKey: /);
  const before = chunks();
  changeAll();
  await build();
  const kept = recorded().filter((name) => before.includes(name) && !name.startsWith('rolldown-runtime-'));
  expect(kept).toEqual(['cli.js', 'emulator.js']);
  terminal.type('a-secret\r');
  const [, status] = await terminal.see(/status (\d+)/);
  expect(status, terminal.screen()).toBe('0');
});

/** The chunks that a command loads, and their bytes in all. */
async function loadedBy(...words: readonly string[]): Promise<{ names: string[]; bytes: number }> {
  using coverage = tempFolder();
  const child = spawn(process.execPath, [join(checkout.path, 'bin/bai.cjs'), ...words], {
    cwd: home.path,
    env: { ...cleanEnvironment({ home: home.path }), NODE_V8_COVERAGE: coverage.path },
  });
  child.stdin.end();
  await finished(child);
  const reports = readdirSync(coverage.path).map((name) => readFileSync(join(coverage.path, name), 'utf8'));
  const names = [...new Set(reports.join('\n').match(/(?<=\/dist\/)[\w.-]+\.js(?=")/g))];
  return { names, bytes: names.reduce((sum, name) => sum + statSync(dist(name)).size, 0) };
}

test('what commands load is in few files, and those that reach into no session load nothing that does', async () => {
  const [settings, listing, login] = await Promise.all([
    loadedBy('config', 'path'),
    loadedBy('session', 'list'),
    loadedBy('ssh', 'demo', 'true'),
  ]);
  const layers = ({ names }: { readonly names: readonly string[] }) =>
    names.flatMap((name) => /^(start|platform|session)-[\w-]{8}\.js$/.exec(name)?.[1] ?? []).toSorted();
  expect(layers(settings)).toEqual(['start']);
  expect(layers(listing)).toEqual(['platform', 'start']);
  expect(layers(login)).toEqual(['platform', 'session', 'start']);
  for (const { names } of [settings, listing, login]) expect(names.length).toBeLessThan(30);
  expect(settings.bytes).toBeLessThan(listing.bytes);
  expect(listing.bytes).toBeLessThan(login.bytes / 2);
});

test('a build of what is built already leaves every file alone', async () => {
  await build();
  const facts = (): unknown =>
    readdirSync(dist(), { withFileTypes: true }).map(({ name }) => [name, statSync(dist(name)).ino]);
  const before = facts();
  await build();
  expect(facts()).toEqual(before);
});

test('a file that is missing is built again', async () => {
  const [name = ''] = recorded();
  rmSync(dist(name));
  await build();
  expect(existsSync(dist(name))).toBe(true);
});

test('chunks of earlier builds stay for a day, and a clean build has none', async () => {
  const age = (name: string, hours: number): void => {
    const then = Date.now() / 1000 - hours * 3600;
    utimesSync(dist(name), then, then);
  };
  const first: { files: string[] } = JSON.parse(readFileSync(dist('.build.json'), 'utf8'));
  changeAll();
  await build();
  const gone = first.files.filter((name) => !recorded().includes(name));
  const [old = '', young = ''] = gone;
  age(old, 25);
  age(young, 23);
  changeAll();
  await build();
  expect(existsSync(dist(old))).toBe(false);
  expect(existsSync(dist(young))).toBe(true);
  await build('--clean');
  expect(readdirSync(dist()).sort()).toEqual([...recorded(), '.build.json'].sort());
});

const recorded = (): string[] => JSON.parse(readFileSync(dist('.build.json'), 'utf8')).files;
