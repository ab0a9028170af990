import { lstat, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type HostFacts, openHostFiles } from '../../src/ssh/files/host-files.ts';
import { generateKey } from '../support/sshd.ts';
import { tempFolder } from '../support/temp-folder.ts';

const keyOf = (publicKey: string): Buffer => Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
const facts: HostFacts = {
  sessionId: 'one',
  alias: 'bai-by-name',
  hostKeys: [keyOf(generateKey().public)],
  keyStamp: '1801-17',
};
const host = 'demo.bai';

test('the file of a name is in the form of known_hosts, 0600 in a folder of 0700', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'hosts');
  const files = openHostFiles(path);
  expect(await files.areCurrent(host, facts)).toBe(false);
  await files.write(host, facts, undefined);
  expect(await files.areCurrent(host, facts)).toBe(true);
  expect(await readFile(join(path, host), 'utf8')).toMatch(/^bai-by-name ssh-ed25519 \S+ one 1801-17\n$/);
  expect([(await stat(join(path, host))).mode & 0o777, (await stat(path)).mode & 0o777]).toEqual([
    0o600, 0o700,
  ]);
});

test('another session of the same name, or another key of the session, replaces what was there', async () => {
  using folder = tempFolder();
  const files = openHostFiles(folder.path);
  await files.write(host, facts, '/a/key');
  const other = { ...facts, sessionId: 'two', hostKeys: [keyOf(generateKey().public)] };
  expect(await files.areCurrent(host, { ...facts, sessionId: 'two' })).toBe(false);
  expect(await files.areCurrent(host, { ...other, sessionId: 'one' })).toBe(false);
  expect(await files.areCurrent(host, { ...facts, keyStamp: '1801-18' })).toBe(false);
  await files.write(host, other, undefined);
  expect(await readFile(join(folder.path, host), 'utf8')).toMatch(
    /^bai-by-name ssh-ed25519 \S+ two 1801-17\n$/,
  );
  expect(await readdir(folder.path)).toEqual([host]);
});

test('a key that stands elsewhere is linked to', async () => {
  using folder = tempFolder();
  const files = openHostFiles(folder.path);
  await files.write(host, facts, '/a/key');
  await files.write(host, facts, '/b/key');
  expect(await readlink(join(folder.path, `${host}.key`))).toBe('/b/key');
  expect([await files.keyOf(host), await files.keyOf('none.bai')]).toEqual(['/b/key', undefined]);
});

test('many names at once all have their files', async () => {
  using folder = tempFolder();
  const files = openHostFiles(folder.path);
  const names = Array.from({ length: 50 }, (_, number) => `n${number % 25}.bai`);
  await Promise.all(names.map((name) => files.write(name, facts, undefined)));
  expect(await readdir(folder.path)).toHaveLength(25);
  await files.remove();
  await expect(stat(folder.path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('on Windows, where links are for administrators, a key that stands elsewhere has a second name', async () => {
  using folder = tempFolder();
  const files = openHostFiles(join(folder.path, 'hosts'), 'win32');
  const [first, second] = [join(folder.path, 'a'), join(folder.path, 'b')];
  await writeFile(first, 'one', { mode: 0o600 });
  await writeFile(second, 'two', { mode: 0o600 });
  for (const key of [first, first, second]) await files.write(host, facts, key);
  const path = join(folder.path, 'hosts', `${host}.key`);
  expect([await readFile(path, 'utf8'), (await lstat(path)).isSymbolicLink()]).toEqual(['two', false]);
  expect([await files.keyOf(host), await files.keyOf('none.bai')]).toEqual([second, undefined]);
  await files.write(host, facts, undefined);
  expect(await readdir(join(folder.path, 'hosts'))).toEqual([host]);
  expect(await files.keyOf(host)).toBeUndefined();
});
