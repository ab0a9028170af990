/** `bai key upload`, `rotate` and `status` on every manager that has an account to spare for it. */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compareReleases } from '../../src/emulator/model/release.ts';
import { type BaiResult, bai } from '../support/bai.ts';
import { spareAccountKinds, type TestManager } from '../support/managers.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { filesIn } from './app-bed.ts';

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe.each(spareAccountKinds().map((kind) => [kind.name, kind] as const))('%s', (_, kind) => {
  let manager: TestManager;
  let home: TempFolder;
  const ended: string[] = [];

  beforeAll(async () => {
    manager = await kind.open();
  }, 120_000);

  afterAll(async () => {
    using folder = tempFolder();
    const names = ['session', 'terminate', ...ended];
    if (ended.length > 0) await bai(names, { home: folder.path, env: manager.env });
    await manager?.[Symbol.asyncDispose]();
  });

  beforeEach(() => {
    home = tempFolder();
    return () => home[Symbol.dispose]();
  });

  const run = (...args: string[]): Promise<BaiResult> => bai(args, { home: home.path, env: manager.env });
  /** Managers 25.6 to 26.4.3 read no Ed25519 key in a form that SSH clients read as well. */
  const takesEd25519 =
    compareReleases(kind.release, '25.6') < 0 || compareReleases(kind.release, '26.4.4') >= 0;
  const anyType = takesEd25519 ? 'ed25519' : 'ecdsa';
  const keyPath = (): string => join(home.path, '.ssh', 'id_container');
  const status = async () => JSON.parse((await run('key', 'status', '--json')).stdout);

  /** Name of a session that runs. */
  async function session(): Promise<string> {
    const name = `key-${process.pid}-${ended.length}`;
    ended.push(name);
    const made = await run('session', 'create', manager.image, '-t', name, '-r', 'cpu=1', '-r', 'mem=256m');
    expect(made.code, made.stderr).toBe(0);
    return name;
  }

  test('rotate saves the new key, 0600 in 0700, and status says that new sessions accept it', async () => {
    const rotated = await run('key', 'rotate');
    expect(rotated, rotated.stderr).toMatchObject({ code: 0, stdout: `${keyPath()}\n` });
    expect(rotated.stderr).toMatch(/those that run keep the old one/);
    expect([modeOf(keyPath()), modeOf(join(home.path, '.ssh'))]).toEqual(['600', '700']);
    expect(filesIn(join(home.path, '.ssh'))).toEqual(['id_container']);
    expect(await status()).toEqual({
      accepted: true,
      state: 'accepted',
      path: keyPath(),
      local: { type: 'ssh-rsa', fingerprint: fingerprintOf(keyPath()) },
      account: { type: 'ssh-rsa', fingerprint: fingerprintOf(keyPath()) },
    });
  });

  test('a session made after rotate hands out the key that rotate saved, and a login with it works', async () => {
    await run('key', 'rotate');
    const name = await session();
    const fetched = await run('key', 'fetch', name, '--json');
    expect(JSON.parse(fetched.stdout)).toMatchObject({ path: keyPath(), change: 'unchanged' });
    expect(await run('ssh', name, '-i', keyPath(), '--', 'echo in')).toMatchObject({
      code: 0,
      stdout: 'in\n',
    });
  });

  test('rotate keeps the old key beside, where a session that runs finds it again', async () => {
    await run('key', 'rotate');
    const name = await session();
    const old = readFileSync(keyPath(), 'utf8');
    const rotated = await run('key', 'rotate', '--json');
    const { previous, fingerprint, change } = JSON.parse(rotated.stdout);
    expect([change, fingerprint]).toEqual(['replaced', fingerprintOf(keyPath())]);
    expect(readFileSync(previous.path, 'utf8')).toBe(old);
    expect(modeOf(previous.path)).toBe('600');
    expect(previous.fingerprint).toBe(fingerprintOf(previous.path));
    const before = filesIn(join(home.path, '.ssh'));
    const connected = await run('ssh', name, '--client', 'system', '--', 'echo in');
    expect(connected).toMatchObject({ code: 0, stdout: 'in\n' });
    expect(filesIn(join(home.path, '.ssh'))).toEqual(before);
  });

  test('a key that bai did not write is replaced by rotate with --force alone, and kept beside', async () => {
    mkdirSync(join(home.path, '.ssh'), { mode: 0o700 });
    const foreign = readFileSync(keygen('ed25519'), 'utf8');
    writeFileSync(keyPath(), foreign, { mode: 0o600 });
    const before = await status();
    const refused = await run('key', 'rotate');
    expect([refused.code, refused.stdout]).toEqual([6, '']);
    expect(refused.stderr).toMatch(/--force/);
    expect((await status()).account).toEqual(before.account);
    const forced = await run('key', 'rotate', '--force', '--json');
    const { previous } = JSON.parse(forced.stdout);
    expect(readFileSync(previous.path, 'utf8')).toBe(foreign);
    expect(await status()).toMatchObject({ accepted: true });
  });

  test('what is no key, a link or a folder in place of id_container: rotate changes nothing, here or there', async () => {
    mkdirSync(join(home.path, '.ssh'), { mode: 0o700 });
    const before = await status();
    for (const make of [
      () => writeFileSync(keyPath(), 'my notes\n'),
      () => symlinkSync(keygen('ed25519'), keyPath()),
      () => mkdirSync(keyPath()),
    ]) {
      make();
      const refused = await run('key', 'rotate', '--force');
      expect([refused.code, refused.stdout], refused.stderr).toEqual([6, '']);
      execFileSync('rm', ['-r', keyPath()]);
      expect(filesIn(join(home.path, '.ssh'))).toEqual([]);
    }
    expect(await status()).toEqual(before);
  });

  test.skipIf(takesEd25519)('an Ed25519 key is refused before it is sent, with what to do', async () => {
    const before = await status();
    const refused = await run('key', 'upload', keygen('ed25519'), '--yes', '--json');
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/"code":"key-unusable".*bai key generate --type ecdsa/);
    expect(await status()).toEqual(before);
  });

  const uploads: readonly (readonly [string, string])[] = [
    ['rsa', '3072'],
    ['ecdsa', '384'],
    ['ed25519', '256'],
  ];
  test.each(uploads.filter(([type]) => type !== 'ed25519' || takesEd25519))(
    'an uploaded %s key is what a new session accepts',
    async (type, bits) => {
      const key = keygen(type, ['-b', bits]);
      const uploaded = await run('key', 'upload', key, '--yes', '--json');
      expect(uploaded.code, uploaded.stderr).toBe(0);
      expect(JSON.parse(uploaded.stdout)).toEqual({
        path: key,
        type: expect.stringContaining(type),
        fingerprint: fingerprintOf(key),
      });
      expect(uploaded.stderr).toMatch(/copies it into every new session/);
      const name = await session();
      const fetched = await run('key', 'fetch', name, '--json');
      expect(JSON.parse(fetched.stdout), fetched.stderr).toMatchObject({ fingerprint: fingerprintOf(key) });
      expect(await run('ssh', name, '-i', key, '--', 'echo in')).toMatchObject({ code: 0, stdout: 'in\n' });
      expect(await status()).toMatchObject({ accepted: true, account: { fingerprint: fingerprintOf(key) } });
    },
  );

  test('without a name, upload takes id_container', async () => {
    await run('key', 'rotate');
    const mine = keygen(anyType);
    copyFileSync(mine, keyPath());
    chmodSync(keyPath(), 0o600);
    expect(await status()).toMatchObject({ accepted: false, state: 'different' });
    expect((await run('key', 'upload', '--yes')).code).toBe(0);
    expect(await status()).toMatchObject({ accepted: true });
  });

  test('status tells what is there, ends with 0, and asks for no private key', async () => {
    await run('key', 'rotate');
    const account = fingerprintOf(keyPath());
    const states: unknown[] = [];
    const look = async (): Promise<void> => {
      const { code, stdout } = await run('key', 'status', '--json');
      const { state, accepted, beside } = JSON.parse(stdout);
      states.push([code, state, accepted, beside]);
    };
    const saved = readFileSync(keyPath());
    execFileSync('rm', [keyPath()]);
    await look();
    writeFileSync(keyPath(), 'nothing');
    await look();
    copyFileSync(keygen('ed25519'), keyPath());
    const beside = `${keyPath()}_${account
      .slice(7)
      .replaceAll(/[^A-Za-z0-9]/g, '')
      .slice(0, 8)}`;
    writeFileSync(beside, saved);
    await look();
    expect(states).toEqual([
      [0, 'no-local-key', false, undefined],
      [0, 'not-a-key', false, undefined],
      [0, 'different', false, beside],
    ]);
    expect((await run('key', 'status')).stdout).toContain(account);
  });

  test('upload never shows the private half', async () => {
    const key = keygen(anyType);
    const secret = readFileSync(key, 'utf8').split('\n')[3] ?? '';
    const { stdout, stderr } = await run('key', 'upload', key, '--yes', '--json');
    expect(stdout + stderr).not.toContain(secret.slice(0, 12));
    expect(stdout + stderr).not.toContain('PRIVATE KEY');
  });

  test.each([
    ['a passphrase', (): string => keygen('ed25519', ['-N', 'secret']), 2, /passphrase/],
    ['the name of a .pub', (): string => `${keygen('ed25519')}.pub`, 2, /public key/],
    ['1024 bits of RSA', (): string => keygen('rsa', ['-b', '1024']), 2, /1024 bits/],
    ['no file', (): string => '/nowhere/key', 4, /does not exist/],
    ['a folder', (): string => home.path, 2, /no file/],
    ['another key’s .pub beside it', (): string => besideOther(), 6, /not the public half/],
  ] as const)('a key with %s is refused before anything is sent', async (_what, make, code, words) => {
    const before = await status();
    const refused = await run('key', 'upload', make(), '--yes');
    expect([refused.code, refused.stdout], refused.stderr).toEqual([code, '']);
    expect(refused.stderr).toMatch(words);
    expect(refused.stderr).toMatch(/hint: /);
    expect(await status()).toEqual(before);
  });

  test('without --yes and without a terminal nothing is uploaded', async () => {
    const before = await status();
    const refused = await run('key', 'upload', keygen(anyType));
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/--yes/);
    expect(await status()).toEqual(before);
  });

  function keygen(type: string, options: readonly string[] = []): string {
    const path = join(home.path, `key-${type}-${filesIn(home.path).length}`);
    const passphrase = options.includes('-N') ? [] : ['-N', ''];
    execFileSync('ssh-keygen', ['-q', '-t', type, ...passphrase, ...options, '-C', 'tëst', '-f', path]);
    return path;
  }

  function besideOther(): string {
    const [one, other] = [keygen('ed25519'), keygen('ed25519')];
    copyFileSync(`${other}.pub`, `${one}.pub`);
    return one;
  }
});

function fingerprintOf(path: string): string {
  return execFileSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' }).split(' ')[1] ?? '';
}
