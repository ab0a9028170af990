import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { ConflictError, LocalSystemError } from '../../src/errors.ts';
import { fingerprints, keyType, openKnownHosts } from '../../src/ssh/files/known-hosts.ts';
import { tempFolder } from '../support/temp-folder.ts';

const alias = 'bai-7a3c';
const other = 'bai-91ff';
const key = newKey();
const otherKey = newKey();

test('a key seen for the first time is pinned in a new file of 0600 in a new folder of 0700', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'state', 'known_hosts');
  const hosts = openKnownHosts(path);
  expect(await hosts.verify(alias, key, { name: 'demo' })).toBe('pinned');
  expect(await hosts.verify(alias, key, { name: 'demo' })).toBe('known');
  expect(await readFile(path, 'utf8')).toBe(`${alias} ssh-ed25519 ${Buffer.from(key).toString('base64')}\n`);
  expect([(await stat(path)).mode & 0o777, (await stat(join(folder.path, 'state'))).mode & 0o777]).toEqual([
    0o600, 0o700,
  ]);
});

test('another key than the pinned one is refused, with both fingerprints and what to do', async () => {
  using folder = tempFolder();
  const hosts = openKnownHosts(join(folder.path, 'known_hosts'));
  await hosts.pin(alias, key);
  const failed = hosts.verify(alias, otherKey, { name: 'demo' });
  await expect(failed).rejects.toThrow(ConflictError);
  await expect(failed).rejects.toMatchObject({ code: 'host-key-changed', exitCode: 6 });
  await expect(failed).rejects.toThrow(fingerprints(key).sha256);
  await expect(failed).rejects.toThrow(fingerprints(otherKey).sha256);
  await expect(failed).rejects.toMatchObject({ hint: expect.stringContaining('bai host-key forget demo') });
  expect(await hosts.pinned(alias)).toHaveLength(1);
});

test('sessions do not share pins', async () => {
  using folder = tempFolder();
  const hosts = openKnownHosts(join(folder.path, 'known_hosts'));
  await hosts.pin(alias, key);
  expect(await hosts.pinned(other)).toEqual([]);
  expect(await hosts.verify(other, otherKey, { name: 'demo' })).toBe('pinned');
  expect(await hosts.verify(alias, key, { name: 'demo' })).toBe('known');
});

test('a revoked key is refused although it is also pinned', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'known_hosts');
  await writeFile(path, `${line(alias, key)}@revoked ${line(alias, key)}`);
  const hosts = openKnownHosts(path);
  await expect(hosts.verify(alias, key, { name: 'demo' })).rejects.toMatchObject({
    code: 'host-key-revoked',
  });
});

test('a key that is only revoked is never learnt again', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'known_hosts');
  const before = `@revoked ${line(alias, key)}`;
  await writeFile(path, before);
  const hosts = openKnownHosts(path);
  expect(await hosts.pinned(alias)).toEqual([]);
  await expect(hosts.verify(alias, key, { name: 'demo' })).rejects.toMatchObject({
    code: 'host-key-revoked',
  });
  expect(await readFile(path, 'utf8')).toBe(before);
});

test.each([
  ['a folder', (path: string) => mkdir(path)],
  ['a link to nowhere', (path: string) => symlink('/nowhere/at/all', path)],
  ['a link to itself', (path: string) => symlink(path, path)],
])('%s in its place is a reason to refuse, not a first use', async (_, make) => {
  using folder = tempFolder();
  const path = join(folder.path, 'known_hosts');
  await make(path);
  const hosts = openKnownHosts(path);
  for (const ask of [() => hosts.verify(alias, key, { name: 'demo' }), () => hosts.pinned(alias)]) {
    await expect(ask()).rejects.toThrow(LocalSystemError);
    await expect(ask()).rejects.toMatchObject({ code: 'known-hosts-unreadable' });
  }
});

test.each(['half a line', `${alias} ssh-ed25519`, `${alias} ssh-rsa AAAA`, `${alias} ssh-ed25519 %%%`])(
  'a line nobody understands (%s) refuses, and names the line',
  async (broken) => {
    using folder = tempFolder();
    const path = join(folder.path, 'known_hosts');
    await writeFile(path, `# a comment\n\n${line(other, otherKey)}${broken}\n`);
    const failed = openKnownHosts(path).verify(alias, key, { name: 'demo' });
    await expect(failed).rejects.toMatchObject({ code: 'known-hosts-broken' });
    await expect(failed).rejects.toThrow('line 4');
  },
);

test('comments, empty lines, comments after keys and CRLF are all right', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'known_hosts');
  await writeFile(
    path,
    `# mine\r\n\r\n  \n${line(alias, key).trim()} learnt today\r\n${line(other, otherKey)}`,
  );
  const hosts = openKnownHosts(path);
  expect(await hosts.verify(alias, key, { name: 'demo' })).toBe('known');
  expect(await hosts.verify(other, otherKey, { name: 'demo' })).toBe('known');
});

test('a file whose last line has no newline is not ruined by the next pin', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'known_hosts');
  await writeFile(path, line(alias, key).trimEnd());
  const hosts = openKnownHosts(path);
  expect(await hosts.verify(other, otherKey, { name: 'demo' })).toBe('pinned');
  expect(await hosts.verify(alias, key, { name: 'demo' })).toBe('known');
  expect(await hosts.verify(other, otherKey, { name: 'demo' })).toBe('known');
});

test('fifty first uses at the same time all keep their line', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'new', 'known_hosts');
  const names = Array.from({ length: 50 }, (_, index) => `bai-${index}`);
  await Promise.all(names.map((name) => openKnownHosts(path).verify(name, key, { name })));
  const hosts = openKnownHosts(path);
  for (const name of names) expect(await hosts.verify(name, key, { name })).toBe('known');
});

test('two first uses at the same time that see different keys: one holds, the other is refused, and one pin stays', async () => {
  using folder = tempFolder();
  for (let round = 0; round < 20; round += 1) {
    const path = join(folder.path, `known_hosts${round}`);
    const outcomes = await Promise.allSettled(
      [key, otherKey].map((each) => openKnownHosts(path).verify(alias, each, { name: 'demo' })),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = outcomes.find(({ status }) => status === 'rejected');
    expect(refused).toMatchObject({ reason: { code: 'host-key-changed' } });
    expect(await openKnownHosts(path).pinned(alias)).toHaveLength(1);
  }
});

test('two first uses at the same time that see the same key are one pin', async () => {
  using folder = tempFolder();
  for (let round = 0; round < 20; round += 1) {
    const hosts = openKnownHosts(join(folder.path, `known_hosts${round}`));
    // One after the other, so that some read when others have just written.
    const begun: Promise<unknown>[] = [];
    for (let count = 0; count < 20; count += 1) {
      begun.push(hosts.verify(alias, key, { name: 'demo' }));
      await setImmediate();
    }
    await Promise.all(begun);
    expect(await hosts.pinned(alias)).toHaveLength(1);
  }
});

test('forgetting takes one session away, leaves the rest, and leaves no other file', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'known_hosts');
  await writeFile(path, `# mine\n${line(alias, key)}${line(other, otherKey)}`);
  const hosts = openKnownHosts(path);
  expect(await hosts.forget(alias)).toBe(true);
  expect(await hosts.forget(alias)).toBe(false);
  expect(await readFile(path, 'utf8')).toBe(`# mine\n${line(other, otherKey)}`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder.path)).toEqual(['known_hosts']);
});

test('forgetting a session does not lift a revocation', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'known_hosts');
  await writeFile(path, `${line(alias, otherKey)}@revoked ${line(alias, key)}`);
  const hosts = openKnownHosts(path);
  await hosts.forget(alias);
  await expect(hosts.verify(alias, key, { name: 'demo' })).rejects.toMatchObject({
    code: 'host-key-revoked',
  });
});

test('forgetting where there is no file changes nothing', async () => {
  using folder = tempFolder();
  expect(await openKnownHosts(join(folder.path, 'known_hosts')).forget(alias)).toBe(false);
  expect(await readdir(folder.path)).toEqual([]);
});

test('fingerprints are those that ssh and PuTTY show', () => {
  const blob = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIBx2Z2m3FaFZm6i3nTqvDg1i3h0sM0mXk1xk1pQm4v0A', 'base64');
  expect(fingerprints(blob).sha256).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  expect(fingerprints(blob).md5).toMatch(/^MD5(:[0-9a-f]{2}){16}$/);
  expect(keyType(blob)).toBe('ssh-ed25519');
});

test.each([Buffer.alloc(0), Buffer.from([0, 0]), Buffer.from([255, 255, 255, 255, 1])])(
  'a key of nonsense bytes has no type, and nothing breaks',
  (blob) => {
    expect(keyType(blob).length).toBeLessThan(2);
  },
);

function line(name: string, blob: Uint8Array): string {
  return `${name} ssh-ed25519 ${Buffer.from(blob).toString('base64')}\n`;
}

function newKey(): Uint8Array {
  for (;;) {
    const parsed = ssh2.utils.parseKey(ssh2.utils.generateKeyPairSync('ed25519').private);
    if (!(parsed instanceof Error)) return parsed.getPublicSSH();
  }
}
