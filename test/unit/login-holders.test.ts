/** Which processes of bai keep a login in use: what they write of themselves, and what is believed of it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLoginHolders } from '../../src/config/login-holders.ts';
import { ownIdentity } from '../../src/files/process-identity.ts';
import { tempFolder } from '../support/temp-folder.ts';

const login = 'an-id-that-nobody-may-read';
const askStart = async () => '';

async function leave(folder: string, owner: object): Promise<void> {
  const others = openLoginHolders(folder, askStart);
  await others.add(login, 'ssh to demo');
  const [name = ''] = readdirSync(folder);
  const content = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  writeFileSync(join(folder, name), JSON.stringify({ ...content, owner: { ...content.owner, ...owner } }));
}

test('a process is found by its login alone, which is not written down, until it says that it is through', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'logins');
  const holders = openLoginHolders(path, askStart);
  await holders.add(login, 'connection to demo');
  await holders.add(login, 'forward of demo on port 12345');
  const [name = '', ...more] = readdirSync(path);
  expect(more).toEqual([]);
  expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(path, name), 'utf8')).not.toContain(login);
  expect(await holders.find('another')).toEqual([]);
  const found = await holders.find(login);
  expect(found.map(({ what }) => what)).toEqual(['forward of demo on port 12345']);
  expect(await found[0]?.fate()).toBe(process.platform === 'linux' ? 'alive' : 'unknown');
  await holders.remove();
  expect(readdirSync(path)).toEqual([]);
});

test.skipIf(process.platform !== 'linux')(
  'one that was started at another time has only the number, and is taken away',
  async () => {
    using folder = tempFolder();
    await leave(folder.path, { started: '1' });
    expect(await openLoginHolders(folder.path, askStart).find(login)).toEqual([]);
    expect(readdirSync(folder.path)).toEqual([]);
  },
);

test('one that has ended is taken away by the next that comes', async () => {
  using folder = tempFolder();
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  await leave(folder.path, { pid: child.pid });
  await openLoginHolders(folder.path, askStart).add('another', 'ssh to other');
  expect(readdirSync(folder.path)).toHaveLength(1);
});

test.each([
  ['of another machine', { host: `not-${hostname()}` }],
  ['of another container', { space: 'pid:[1]' }],
  ['whose time nobody tells', { started: '' }],
])('nothing is known for certain of one %s', async (_, owner) => {
  using folder = tempFolder();
  await leave(folder.path, owner);
  const [found] = await openLoginHolders(folder.path, askStart).find(login);
  expect(await found?.fate()).toBe('unknown');
});

test('where no file tells when a process was started, a program does', async () => {
  using folder = tempFolder();
  const asked: number[] = [];
  const holders = openLoginHolders(folder.path, async (pid) => {
    asked.push(pid);
    return 'Mon Nov 30 21:00:00 2026';
  });
  await holders.add(login, 'ssh to demo');
  const { started } = await ownIdentity();
  expect(asked.length > 0).toBe(started === '');
});

test('a folder that cannot be written stops no connection, and strange files are passed over', async () => {
  using folder = tempFolder();
  writeFileSync(join(folder.path, 'file'), '');
  await openLoginHolders(join(folder.path, 'file', 'logins'), askStart).add(login, 'ssh to demo');
  for (const [index, text] of ['', '[]', '{"owner":1,"login":"a","what":"b"}'].entries())
    writeFileSync(join(folder.path, `${index}.json`), text);
  expect(await openLoginHolders(folder.path, askStart).find(login)).toEqual([]);
});
