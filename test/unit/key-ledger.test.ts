import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openKeyLedger } from '../../src/keys/key-ledger.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('what was recorded is known, by path and fingerprint', async () => {
  using folder = tempFolder();
  const ledger = openKeyLedger(join(folder.path, 'state', 'keys.json'));
  expect(await ledger.wrote('/a', 'SHA256:1')).toBe(false);
  await ledger.record('/a', 'SHA256:1', 'session');
  await ledger.record('/b', 'SHA256:2', 'session');
  expect(await ledger.wrote('/a', 'SHA256:1')).toBe(true);
  expect(await ledger.wrote('/b', 'SHA256:2')).toBe(true);
  expect(await ledger.wrote('/a', 'SHA256:2')).toBe(false);
  await ledger.record('/a', 'SHA256:3', 'session');
  expect(await ledger.wrote('/a', 'SHA256:1')).toBe(false);
});

test('the ledger is readable for its owner only', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'state', 'keys.json');
  await openKeyLedger(path).record('/a', 'SHA256:1', 'session');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder.path, 'state'))).toEqual(['keys.json']);
});

test.each(['', '{', '[]', '{"/a": 1}', '{"/a": {"fingerprint": 5}}', '\0\0', 'null'])(
  'a broken ledger (%j) only means that bai asks before it replaces a file',
  async (text) => {
    using folder = tempFolder();
    const path = join(folder.path, 'keys.json');
    await writeFile(path, text);
    const ledger = openKeyLedger(path);
    expect(await ledger.wrote('/a', 'SHA256:1')).toBe(false);
    await ledger.record('/a', 'SHA256:1', 'session');
    expect(await ledger.wrote('/a', 'SHA256:1')).toBe(true);
  },
);

test('two processes that record at the same time both keep their entry', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'keys.json');
  await openKeyLedger(path).record('/first', 'SHA256:0', 'session');
  await Promise.all(
    ['/a', '/b', '/c'].map((each) => openKeyLedger(path).record(each, 'SHA256:1', 'session')),
  );
  const ledger = openKeyLedger(path);
  const kept = await Promise.all(['/a', '/b', '/c'].map((each) => ledger.wrote(each, 'SHA256:1')));
  expect(kept).toEqual([true, true, true]);
});

test('a ledger that cannot be read is a failure, not an empty ledger', async () => {
  using folder = tempFolder();
  await mkdir(join(folder.path, 'keys.json'));
  await expect(openKeyLedger(join(folder.path, 'keys.json')).wrote('/a', 'SHA256:1')).rejects.toThrow();
});
