/** The cookie file of the Python client. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPythonLogin, stateFolder } from '../../src/config/python-login.ts';
import { tempFolder } from '../support/temp-folder.ts';

const id = '0123456789abcdef0123456789abcdef';
const cookie = (value: string) => ({ AIOHTTP_SESSION: { key: 'AIOHTTP_SESSION', value } });

async function read(content: unknown, hostname = 'console.example'): Promise<string | undefined> {
  using folder = tempFolder();
  const state = join(folder.path, 'backend.ai');
  mkdirSync(state);
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(join(state, 'cookie.dat'), text, { mode: 0o600 });
  return await readPythonLogin(hostname, { XDG_STATE_HOME: folder.path });
}

test('a cookie without a domain counts, and one with a domain counts there only', async () => {
  expect(await read({ '|': cookie(id) })).toBe(id);
  expect(await read({ 'console.example|/': cookie(id) })).toBe(id);
  expect(await read({ 'other.example|/': cookie(id) })).toBeUndefined();
});

test.each([
  '',
  'pickled',
  '[]',
  { '|': { OTHER: { value: id } } },
  { '|': cookie('a b\r\nX: y') },
  { '|': cookie('') },
])('%j has no login', async (content) => {
  expect(await read(content)).toBeUndefined();
});

test('no file is no login', async () => {
  using folder = tempFolder();
  expect(await readPythonLogin('x', { XDG_STATE_HOME: folder.path })).toBeUndefined();
});

test.each([
  ['linux', { XDG_STATE_HOME: '/state' }, /^\/state\/backend\.ai$/],
  ['linux', { XDG_STATE_HOME: 'not/whole' }, /\.local\/state\/backend\.ai$/],
  ['darwin', {}, /Library\/Application Support\/backend\.ai$/],
  ['win32', { LOCALAPPDATA: 'C:/Local' }, /^C:\/Local\/Lablup\/backend\.ai$/],
] as const)('on %s with %j it is where the client keeps it', (platform, variables, folder) => {
  expect(stateFolder(platform, variables)).toMatch(folder);
});
