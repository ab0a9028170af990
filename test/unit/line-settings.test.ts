/** What measurements choose, and what is remembered of them. */

import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLineSettings } from '../../src/config/line-settings.ts';
import {
  type CipherRates,
  chooseCipher,
  chooseConnections,
  cipherOrder,
  type LinkRates,
  type StrongCipher,
  strongCiphers,
} from '../../src/core/ssh/link-tuning.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

const both = (rate: number): LinkRates => ({ up: rate, down: rate });

function ciphers(rates: Partial<Record<StrongCipher, LinkRates>>): CipherRates[] {
  return strongCiphers.map((name) => ({ name, isOffered: name in rates, rates: rates[name] }));
}

const connections = (...rates: (number | undefined)[]) =>
  rates.map((rate, index) => ({ count: 2 ** index, rates: rate === undefined ? undefined : both(rate) }));

test('a cipher has to be clearly faster than the one that is usual with this server', () => {
  const rates = (ctr: number) =>
    ciphers({ 'chacha20-poly1305@openssh.com': both(100), 'aes128-ctr': both(ctr) });
  expect(chooseCipher(rates(104))).toBe('chacha20-poly1305@openssh.com');
  expect(chooseCipher(rates(106))).toBe('aes128-ctr');
});

test('a cipher that is fast one way only is not the fastest', () => {
  const measured = ciphers({
    'aes128-gcm@openssh.com': both(100),
    'aes128-ctr': { up: 1000, down: 10 },
  });
  expect(chooseCipher(measured)).toBe('aes128-gcm@openssh.com');
});

test('what could not be measured is not chosen', () => {
  expect(chooseCipher(ciphers({}))).toBeUndefined();
  expect(chooseCipher(ciphers({ 'aes256-ctr': both(1) }))).toBe('aes256-ctr');
  expect(chooseConnections(connections(undefined, undefined))).toBe(1);
});

test.each([
  [[100, 91, 100, 100], 1],
  [[80, 91, 100, 100], 2],
  [[10, 20, 40, 80], 8],
  [[10, 20, undefined, undefined], 2],
])('of %j the fewest connections that are nearly as fast as the fastest are %i', (rates, count) => {
  expect(chooseConnections(connections(...rates))).toBe(count);
});

test('the chosen cipher comes first, and the others stay in their order', () => {
  expect(cipherOrder('aes128-ctr')).toEqual([
    'aes128-ctr',
    'aes128-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes256-gcm@openssh.com',
    'aes256-ctr',
  ]);
});

const setting = { cipher: 'aes128-ctr', connections: 4 } as const;
const dayMs = 24 * 3_600_000;
let folder: TempFolder;
let lines: string;
beforeEach(() => {
  folder = tempFolder();
  lines = join(folder.path, 'state', 'lines');
});
afterEach(() => folder[Symbol.dispose]());

test('a setting is found again by the session it was measured for, and by no other', async () => {
  const settings = openLineSettings(lines);
  expect(await settings.read('bai-1')).toBeUndefined();
  await settings.write('bai-1', { ...setting, connections: 8 });
  await settings.write('bai-1', setting);
  expect(await settings.read('bai-1')).toEqual(setting);
  expect(await settings.read('bai-2')).toBeUndefined();
  expect(await readdir(lines)).toEqual(['bai-1.json']);
  expect((await stat(join(lines, 'bai-1.json'))).mode & 0o777).toBe(0o600);
  expect((await stat(lines)).mode & 0o777).toBe(0o700);
});

test('the file of another session under this name is none', async () => {
  const settings = openLineSettings(lines);
  await settings.write('bai-1', setting);
  await writeFile(join(lines, 'bai-2.json'), await readFile(join(lines, 'bai-1.json')));
  expect(await settings.read('bai-2')).toBeUndefined();
});

test('a setting grows old in 30 days, also where the clock was set back', async () => {
  await openLineSettings(lines).write('bai-1', setting);
  const in29 = openLineSettings(lines, () => Date.now() + 29 * dayMs);
  const in31 = openLineSettings(lines, () => Date.now() + 31 * dayMs);
  const before = openLineSettings(lines, () => Date.now() - 31 * dayMs);
  expect(await in29.read('bai-1')).toEqual(setting);
  expect(await in31.read('bai-1')).toBeUndefined();
  expect(await before.read('bai-1')).toBeUndefined();
});

test.each([
  ['', 'nothing'],
  ['{"version":1', 'half of it'],
  ['[]', 'something else'],
  [
    JSON.stringify({ version: 1, peer: 'bai-1', measuredAt: Date.now(), cipher: '3des-cbc', connections: 1 }),
    'a weak cipher',
  ],
  [
    JSON.stringify({ version: 1, peer: 'bai-1', measuredAt: Date.now(), ...setting, connections: 4000 }),
    'too many connections',
  ],
  [JSON.stringify({ version: 2, peer: 'bai-1', measuredAt: Date.now(), ...setting }), 'another version'],
])('a file with %s (%s) is as none', async (text) => {
  await mkdir(lines, { recursive: true });
  await writeFile(join(lines, 'bai-1.json'), text);
  expect(await openLineSettings(lines).read('bai-1')).toBeUndefined();
});

test('a file that cannot be read is as none, and is replaced', async () => {
  await mkdir(lines, { recursive: true });
  await writeFile(join(lines, 'bai-1.json'), '');
  await chmod(join(lines, 'bai-1.json'), 0);
  const settings = openLineSettings(lines);
  expect(await settings.read('bai-1')).toBeUndefined();
  await settings.write('bai-1', setting);
  expect(await settings.read('bai-1')).toEqual(setting);
});

test('an id that is a path leads to no other folder', async () => {
  const settings = openLineSettings(lines);
  await settings.write('../../bai-1', setting);
  expect(await settings.read('../../bai-1')).toEqual(setting);
  expect(await readdir(lines)).toHaveLength(1);
  expect(await readdir(folder.path)).toEqual(['state']);
});
