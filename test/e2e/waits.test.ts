/** Walks all waits of the program: each ends with the first Ctrl-C and with SIGTERM, and each has a limit or says what it is for. */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { interrupt, leaveAlone, openPlace } from './waits-bed.ts';
import { consoleWaits } from './waits-console.ts';
import { keyWaits } from './waits-keys.ts';
import { localWaits } from './waits-local.ts';
import { managerWaits } from './waits-manager.ts';
import { programWaits } from './waits-programs.ts';
import { sessionWaits } from './waits-session.ts';
import { onTerminal, typedWaits } from './waits-typed.ts';

const walk = [
  ['the manager', managerWaits],
  ['a web console', consoleWaits],
  ['a session', sessionWaits],
  ['programs of a session', programWaits],
  ['keys', keyWaits],
  ['this machine', localWaits],
] as const;

/** For a machine that is busy with other things. */
const patience = { timeout: 600_000 };

describe.each(walk)('waiting for %s', (_, waits) => {
  test.concurrent.each(waits.map((wait) => [wait.name, wait] as const))('%s', patience, async (__, wait) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) await interrupt(wait, signal);
    await leaveAlone(wait);
  });
});

const place = { name: '', covers: [], begin: () => ({ args: [], reached: () => true }) };

describe.each(typedWaits)('waiting on a terminal for $name', ({ args, prompt, keepsOn, prepare, env }) => {
  test.skipIf(keepsOn)('Ctrl-C ends it', async () => {
    await using here = await openPlace(place);
    prepare?.(here);
    using run = onTerminal(args, here, env);
    await run.see(prompt);
    run.type('\x03');
    expect(await run.ended(), run.screen()).toBe(130);
  });

  test('SIGTERM ends it', async () => {
    await using here = await openPlace(place);
    prepare?.(here);
    using run = onTerminal(args, here, env);
    await run.see(prompt);
    expect(await run.end('SIGTERM'), run.screen()).toBe(143);
  });
});

test('"session list is blank for ever": a terminal shows what is waited for, and for how long', async () => {
  await using here = await openPlace(place);
  const { faults } = here.bed.emulator;
  faults.add({ kind: 'hang', route: 'POST /admin/gql' });
  using run = onTerminal(['session', 'list'], here);
  await run.see(/waiting for 127\.0\.0\.1:\d+ to list the sessions \(2 s, at most 60\)/);
  expect(await run.end('SIGINT')).toBe(130);
});

test('a request to the file server that is not answered is shown on a terminal', async () => {
  await using here = await openPlace(place);
  here.bed.emulator.faults.add({ kind: 'sftp-silent', request: 'opendir' });
  using run = onTerminal(['sftp', 'ls', 'demo:.'], here);
  await run.see(/waiting for the file server of session demo \(2 s, at most 300\)/);
  expect(await run.end('SIGINT')).toBe(130);
});

/** What the rows stand for. */
const covered = new Set(
  [...walk.flatMap(([, waits]) => waits), ...typedWaits].flatMap((wait) => wait.covers),
);

const root = resolve(import.meta.dirname, '../../src');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('emulator'))
  .map((file) => [file.replaceAll('\\', '/'), readFileSync(join(root, file), 'utf8')] as const);

/** All matches in the sources of a folder, or of all. */
function found(pattern: RegExp, folder = ''): string[] {
  const all = sources
    .filter(([file]) => file.startsWith(folder))
    .flatMap(([file, text]) =>
      [...text.matchAll(pattern)].map((match) => `${file} ${match[1] ?? ''}`.trim()),
    );
  return [...new Set(all)].sort();
}

test('every route of the manager has a row', () => {
  const paths = found(/\b(?:path|at)\b(?:: | = )['`]([a-z][^'`]*)['`]/g, 'providers/backend-ai/').map(
    (match) => match.split(' ')[1]?.replaceAll(/\$\{[^}]*\}+/g, '*') ?? '',
  );
  const routes = [...covered].flatMap((each) => /^(?:GET|POST|PATCH|DELETE) (.*)$/.exec(each)?.[1] ?? []);
  expect(paths.filter((path) => !routes.includes(path))).toEqual([]);
  expect(paths.length).toBeGreaterThan(8);
});

test('every request to the SSH server of a session is asked with a limit, and has a row', () => {
  const requests = found(/\bclient\s*\.(exec|shell|sftp|subsys|forwardIn|forwardOut|openssh_\w+)\(/g, 'ssh/');
  const files = [...new Set(requests.map((each) => each.split(' ')[0] ?? ''))];
  const asking = found(/\bask\(/g, 'ssh/');
  expect(files.filter((file) => !asking.includes(file))).toEqual([]);
  const names = [...new Set(requests.map((each) => `client.${each.split(' ')[1]}`))];
  expect(names.filter((name) => !covered.has(name))).toEqual([]);
  expect(names.length).toBeGreaterThan(4);
});

test('every program that bai runs in a session has a row', () => {
  const files = found(/programs\.(?:run|runOnce|start)\(/g).map((file) => basename(file));
  // What is started while the bytes are on their way is the program of verify.ts.
  expect(files.filter((file) => !covered.has(file) && file !== 'waiting-checksum.ts')).toEqual([]);
  expect(files.length).toBeGreaterThan(4);
});

/** Programs of this machine that are not waited for, or have a limit that ends them by force; and bai itself in the background. */
const unwaited = [
  'keys/windows-acl.ts',
  'ssh/job-control.ts',
  'ssh/system-ssh.ts',
  'ssh/terminal.ts',
  'wiring/background.ts',
  'wiring/completion.ts',
  'wiring/local/local.ts',
  'wiring/process/start-time.ts',
];

test('every program that bai starts on this machine has a row', () => {
  const files = found(/\b(?:spawn|spawnSync|execFile|exec)\)?\((?!\))/g).filter(
    (file) => !file.startsWith('ssh/remote'),
  );
  const rows = [...covered].map((each) => each.split(' ')[0] ?? '');
  const left = files.filter((file) => !unwaited.includes(file) && !rows.includes(basename(file)));
  expect(left.filter((file) => found(/node:child_process/g).includes(file))).toEqual([]);
});

test('everything that reads what is typed or piped has a row', () => {
  const files = found(/createInterface\(|for await \(const \w+ of stdin\b/g).map((file) => basename(file));
  const rows = [...covered].map((each) => each.split(' ')[0] ?? '');
  expect(files.filter((file) => !rows.includes(file))).toEqual([]);
});
