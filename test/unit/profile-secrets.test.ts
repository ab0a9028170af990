/** A sign-in is stored whole or not at all, its secrets in the keyring or the file. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Keyring } from '../../src/config/keyring.ts';
import { openProfileSecrets, type ProfileSecrets } from '../../src/config/profile-secrets.ts';
import { openProfileStore } from '../../src/config/store.ts';
import type { SecretStore } from '../../src/core/settings/setting-parsers.ts';
import { LocalSystemError } from '../../src/errors.ts';
import { tempFolder } from '../support/temp-folder.ts';

interface Bed extends Disposable {
  readonly secrets: ProfileSecrets;
  readonly path: string;
  /** Of the keyring: id → secret. */
  readonly items: Map<string, string>;
  readonly warnings: string[];
  /** Setting that the keyring does not take; any call where it is `all`. */
  broken: string | undefined;
  profiles(): Record<string, Record<string, string>>;
}

function openBed(choice: SecretStore = 'auto'): Bed {
  const folder = tempFolder();
  const path = join(folder.path, 'bai', 'config.json');
  const items = new Map<string, string>();
  const warnings: string[] = [];
  let last = 0;
  const failure = (): Error => new LocalSystemError('the keyring is locked', { code: 'keyring-locked' });
  const keyring: Keyring = {
    title: 'the keyring',
    async store({ setting }, secret) {
      if (bed.broken === setting || bed.broken === 'all') throw failure();
      last += 1;
      items.set(`a${last}`, secret);
      return `a${last}`;
    },
    read: async (id) => items.get(id),
    async remove(id) {
      if (bed.broken === 'all') throw failure();
      items.delete(id);
    },
  };
  const secrets = openProfileSecrets({
    ...{ store: openProfileStore(path), keyring },
    choose: async () => choice,
    warn: (message) => void warnings.push(message),
  });
  const bed: Bed = {
    ...{ secrets, path, items, warnings, broken: undefined },
    profiles: () => JSON.parse(readFileSync(path, 'utf8')).profiles,
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
  return bed;
}

const signIn = { endpoint: 'https://a.example', accessKey: 'AK', secretKey: 'one', token: 'two' };

test('secrets go to the keyring, and the file says that they are there', async () => {
  using bed = openBed();
  expect(await bed.secrets.saveProfile('work', signIn)).toEqual({
    secretsIn: 'keyring',
    place: 'the keyring',
  });
  expect(bed.profiles()).toEqual({
    work: { endpoint: 'https://a.example', accessKey: 'AK', keyring: 'secretKey:a1 token:a2' },
  });
  expect([...bed.items.values()]).toEqual(['one', 'two']);
});

test('a new secret takes the place of the old one, which goes; undefined takes away', async () => {
  using bed = openBed();
  await bed.secrets.saveProfile('work', signIn);
  await bed.secrets.saveProfile('work', { secretKey: 'three', token: undefined, accessKey: undefined });
  expect(bed.profiles()).toEqual({ work: { endpoint: 'https://a.example', keyring: 'secretKey:a3' } });
  expect([...bed.items.values()]).toEqual(['three']);
});

test('where the keyring does not answer the file has all of them, and the reason is told', async () => {
  using bed = openBed();
  bed.broken = 'token';
  expect(await bed.secrets.saveProfile('work', signIn)).toEqual({
    secretsIn: 'file',
    place: bed.path,
    because: 'the keyring is locked',
  });
  expect(bed.profiles()).toEqual({ work: signIn });
  expect([...bed.items]).toEqual([]);
});

test('who wants the keyring and no other place hears why not, and nothing changes', async () => {
  using bed = openBed('keyring');
  await bed.secrets.saveProfile('work', signIn);
  bed.broken = 'token';
  const saved = bed.secrets.saveProfile('work', { ...signIn, secretKey: 'x', token: 'y' });
  await expect(saved).rejects.toMatchObject({ code: 'keyring-locked' });
  expect(bed.profiles()['work']?.['keyring']).toBe('secretKey:a1 token:a2');
  expect([...bed.items.values()]).toEqual(['one', 'two']);
});

test('a file that cannot be written leaves the earlier sign-in usable, and nothing new in the keyring', async () => {
  using bed = openBed();
  await bed.secrets.saveProfile('work', signIn);
  const before = readFileSync(bed.path);
  rmSync(bed.path);
  mkdirSync(bed.path);
  await expect(bed.secrets.saveProfile('work', { secretKey: 'x', token: 'y' })).rejects.toThrow();
  rmSync(bed.path, { recursive: true });
  writeFileSync(bed.path, before);
  expect([...bed.items]).toEqual([
    ['a1', 'one'],
    ['a2', 'two'],
  ]);
});

test('from the keyring to the file: what was in the keyring goes', async () => {
  using bed = openBed('file');
  bed.items.set('f00', 'old');
  mkdirSync(join(bed.path, '..'));
  writeFileSync(bed.path, JSON.stringify({ profiles: { work: { keyring: 'secretKey:f00' } } }));
  expect(await bed.secrets.saveProfile('work', { secretKey: 'new' })).toMatchObject({ secretsIn: 'file' });
  expect(bed.profiles()).toEqual({ work: { secretKey: 'new' } });
  expect([...bed.items]).toEqual([]);
});

test('secrets are removed wherever they are, and told which were there', async () => {
  using bed = openBed();
  await bed.secrets.saveProfile('work', signIn);
  expect(await bed.secrets.removeSecrets('work', ['loginId', 'secretKey', 'token'])).toEqual([
    'secretKey',
    'token',
  ]);
  expect(bed.profiles()).toEqual({ work: { endpoint: 'https://a.example', accessKey: 'AK' } });
  expect([...bed.items]).toEqual([]);
  expect(await bed.secrets.removeSecrets('work', ['token'])).toEqual([]);
  expect(await bed.secrets.removeSecrets('nobody', ['token'])).toEqual([]);
  expect(Object.keys(bed.profiles())).toEqual(['work']);
});

test('a profile goes with its secrets; what the keyring does not let go is told', async () => {
  using bed = openBed();
  await bed.secrets.saveProfile('work', signIn);
  await bed.secrets.saveProfile('home', { secretKey: 'three' });
  await bed.secrets.removeProfile('work', 'home');
  expect([...bed.items.values()]).toEqual(['three']);
  bed.broken = 'all';
  await bed.secrets.removeProfile('home', 'default');
  expect(bed.warnings).toEqual([
    'a secret that bai no longer uses is left in the keyring: the keyring is locked',
  ]);
  expect(bed.profiles()).toEqual({});
});
