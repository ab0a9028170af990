/** Tab in the shells that people have: what bai's scripts make of it. */

import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../../src/ssh/programs.ts';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { cleanEnvironment, launcher } from '../support/bai.ts';
import { openTerminal } from '../support/terminal.ts';

let bed: EmulatorBed;
const here = (...parts: string[]): string => join(bed.home, ...parts);
const environment = (): Record<string, string> => ({
  ...bed.env,
  PATH: `${here('bin')}:${process.env['PATH']}`,
});
const is = (shell: string): boolean => findProgram(shell, process.env) !== undefined;

beforeAll(async () => {
  bed = await openEmulator({ folders: ['data'] });
  await bed.create('demo');
  await bed.create('decoy');
  mkdirSync(here('bin'));
  symlinkSync(launcher, here('bin', 'bai'));
  writeFileSync(here('local-file'), '');
  for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
    const { stdout, code } = await bed.bai(['completion', shell]);
    expect(code).toBe(0);
    writeFileSync(here(`completion.${shell}`), stdout);
  }
  // Names are there at once then, however busy the machine is.
  for (const words of [
    ['ssh', ''],
    ['sftp', 'ls', ''],
    ['sftp', 'ls', 'demo:'],
  ])
    expect((await bed.bai(['__complete', '--refresh', '--', ...words])).code).toBe(0);
});
afterAll(() => bed?.[Symbol.asyncDispose]());

/** Starts of lines, and what they are after Tab. */
const rows: readonly (readonly [string, string])[] = [
  ['bai sess', 'bai session '],
  ['bai session inf', 'bai session info '],
  ['bai ssh dem', 'bai ssh demo '],
  ['bai session list --name', 'bai session list --name-only '],
  ['bai sftp ls dem', 'bai sftp ls demo:'],
  ['bai sftp ls demo:id_', 'bai sftp ls demo:id_container '],
  ['bai session create --like=dec', 'bai session create --like=decoy '],
  ['bai key show local-f', 'bai key show local-file '],
];

describe.each([
  ['bash', ['--norc', '-i'], '. ~/completion.bash', `bind -x '"\\C-t": echo "line<$READLINE_LINE>"'`],
  [
    'zsh',
    ['-f', '-i'],
    'autoload -Uz compinit && compinit -u -D && . ~/completion.zsh',
    `tell() { zle -I; print -r -- "line<$BUFFER>" }; zle -N tell; bindkey '^T' tell`,
  ],
])('%s', (shell, words, load, tell) => {
  test.skipIf(!is(shell))('completes commands, options, names, paths in sessions and files', async () => {
    using terminal = openTerminal({ home: bed.home, env: environment() }, [shell, ...words]);
    terminal.type(`${load}; ${tell}; PS1='ready> '; echo lo''aded\r`);
    await terminal.see(/loaded\r?\n/);
    await terminal.see(/ready> /);
    for (const [typed, expected] of rows) {
      // Shells redraw a line in ways of their own: what is in it they are asked.
      terminal.type(`${typed}\t\u0014`);
      const [, line] = await terminal.see(/line<(.*)>/);
      expect(line).toBe(expected);
      terminal.type('\u0015');
    }
  });
});

test.skipIf(!is('fish'))('fish completes commands, options, names, paths in sessions and files', async () => {
  const asked = rows.map(([typed]) => `complete -C '${typed}'`).join('; echo =====; ');
  const { stdout } = await promisify(execFile)(
    'fish',
    ['--no-config', '-c', `source completion.fish; ${asked}`],
    { cwd: bed.home, env: cleanEnvironment({ home: bed.home, env: environment() }) },
  );
  const first = stdout.split('=====\n').map((lines) => lines.split(/[\t\n]/)[0]);
  expect(first).toEqual([
    'session',
    'info',
    'demo',
    '--name-only',
    'demo:',
    'demo:id_container',
    '--like=decoy',
    'local-file',
  ]);
});

test('names that are known for less than half a minute are not asked for again, and are for their owner only', async () => {
  const before = bed.emulator.requests.length;
  const { stdout } = await bed.bai(['__complete', '--', 'session', 'info', 'de']);
  expect(stdout.split('\n').filter(Boolean).sort()).toEqual(['decoy', 'demo']);
  expect(bed.emulator.requests.length).toBe(before);
  const folder = here('.local', 'share', 'bai', 'completion');
  const known = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(known.join('')).toContain('demo');
  expect(known.join('')).not.toContain(bed.env['BACKEND_SECRET_KEY'] ?? bed.env['BAI_SECRET_KEY'] ?? '?');
});

test('a manager that is away costs no more than a moment, and no word', async () => {
  const env = { BAI_ENDPOINT: 'http://127.0.0.1:9', BAI_ACCESS_KEY: 'A', BAI_SECRET_KEY: 'S' };
  const { code, stdout, stderr } = await bed.bai(['__complete', '--', 'ssh', ''], { env });
  expect([code, stdout, stderr]).toEqual([0, '', '']);
});
