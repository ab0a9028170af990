/** `.` and empty entries of PATH: no program of the folder one is in is started by bai. */

import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { launcher } from '../support/bai.ts';
import { openTerminal } from '../support/terminal.ts';

const programs = [
  'ssh',
  'ssh-add',
  'ssh-keygen',
  'stty',
  'xclip',
  'xsel',
  'wl-copy',
  'code',
  'xdg-open',
  'tar',
];

let bed: EmulatorBed;
let folder: string;
const noted = (): string =>
  existsSync(join(folder, 'noted')) ? readFileSync(join(folder, 'noted'), 'utf8') : '';

beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  folder = join(bed.home, 'downloads');
  mkdirSync(folder);
  for (const name of programs) {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\necho ${name} >> '${join(folder, 'noted')}'\nexit 0\n`);
    chmodSync(path, 0o755);
  }
  mkdirSync(join(bed.home, 'bin'));
});
afterAll(() => bed[Symbol.asyncDispose]());

test.skipIf(process.platform === 'win32').each([
  ['a dot', '.:'],
  ['an empty entry', ':'],
  ['a relative entry', '../downloads:'],
])('with %s at the start of PATH nothing of the current folder runs', async (_what, start) => {
  const env = { PATH: `${start}${process.env['PATH'] ?? ''}`, DISPLAY: ':9', WAYLAND_DISPLAY: 'wayland-9' };
  const options = { cwd: folder, env };
  await bed.bai(
    ['key', 'generate', '--no-passphrase', '--output', join(bed.home, 'bin/key'), '--force'],
    options,
  );
  await bed.bai(['key', 'show', join(bed.home, 'bin/key'), '--copy'], options);
  const shown = await bed.bai(['ssh', 'demo', '--client', 'system', '--', 'echo in'], options);
  expect(shown).toMatchObject({ code: 0, stdout: 'in\n' });
  await bed.bai(['ssh', 'demo', '--key-store', 'agent', '--', 'true'], options);
  await bed.bai(['ssh', 'demo', '--', '-J', 'nowhere.invalid', 'true'], options);
  await bed.bai(['open', 'vscode', 'demo'], options);
  expect(noted()).toBe('');
});

test.skipIf(process.platform === 'win32')('nor for a shell on a terminal', async () => {
  const env = { ...bed.env, PATH: `.:${process.env['PATH'] ?? ''}` };
  using terminal = openTerminal({ home: bed.home, env });
  terminal.type(`cd '${folder}' && '${process.execPath}' '${launcher}' ssh demo --client builtin\r`);
  await terminal.see(/work@\S+:.*[$#] /);
  terminal.type('exit\r');
  await terminal.see(/local\$ /);
  expect(noted()).toBe('');
});
