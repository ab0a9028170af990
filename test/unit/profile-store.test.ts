/** Profiles in `config.json`, also those that other releases of bai have written. */

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProfileStore, type ProfileStore } from '../../src/config/store.ts';
import { tempFolder } from '../support/temp-folder.ts';

interface Bed extends Disposable {
  readonly store: ProfileStore;
  readonly path: string;
  content(): unknown;
}

function openBed(before: object): Bed {
  const folder = tempFolder();
  const path = join(folder.path, 'config.json');
  writeFileSync(path, JSON.stringify(before), { mode: 0o600 });
  return {
    store: openProfileStore(path),
    path,
    content: () => JSON.parse(readFileSync(path, 'utf8')),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test('a whole sign-in is stored at once: undefined takes away, and keys of a newer bai stay', async () => {
  const before = { default: { accessKey: 'old', secretKey: 'old', domain: 'lab', later: 'x' }, work: {} };
  using bed = openBed({ profiles: before, future: [1] });
  await bed.store.save('default', { token: 'new', accessKey: undefined, secretKey: undefined });
  expect(bed.content()).toEqual({
    profiles: { default: { domain: 'lab', later: 'x', token: 'new' }, work: {} },
    future: [1],
  });
  expect(statSync(bed.path).mode & 0o777).toBe(0o600);
});

test('a secret that an older bai wrote into the file counts before that in the keyring', async () => {
  using bed = openBed({
    profiles: { work: { secretKey: 'text', keyring: 'secretKey:a1 token:b2 laterSecret:c3' } },
  });
  expect(await bed.store.read('work')).toEqual({
    values: { secretKey: 'text' },
    keyringItems: { token: 'b2' },
  });
});

test('what takes the place of a secret gives its item free; those of a newer bai stay', async () => {
  using bed = openBed({ profiles: { work: { keyring: 'secretKey:a1 token:b2 laterSecret:c3' } } });
  expect(await bed.store.save('work', { domain: 'lab' }, { secretKey: 'd4' })).toEqual(['a1']);
  expect(bed.content()).toEqual({
    profiles: { work: { domain: 'lab', keyring: 'token:b2 laterSecret:c3 secretKey:d4' } },
  });
  expect(await bed.store.save('work', { token: 'text' })).toEqual(['b2']);
  expect(await bed.store.remove('work', undefined)).toEqual(['c3', 'd4']);
  expect(bed.content()).toEqual({ profiles: {} });
});

test('the current profile stays current under its new name, also when it was the default one by itself', async () => {
  using bed = openBed({ profiles: { default: { domain: 'a' }, work: { domain: 'b' } } });
  await bed.store.rename('work', 'lab');
  expect(await bed.store.current()).toBeUndefined();
  await bed.store.rename('default', 'home');
  expect(await bed.store.current()).toBe('home');
  await bed.store.rename('home', 'flat');
  expect(bed.content()).toEqual({
    profiles: { lab: { domain: 'b' }, flat: { domain: 'a' } },
    current: 'flat',
  });
  await expect(bed.store.rename('lab', 'flat')).rejects.toMatchObject({
    code: 'profile-exists',
    exitCode: 6,
  });
});

test('a file of before knows no current profile, and keeps it when an older bai changes it', async () => {
  using bed = openBed({ profiles: { work: {} } });
  expect(await bed.store.current()).toBeUndefined();
  await bed.store.use('work');
  expect(bed.content()).toEqual({ profiles: { work: {} }, current: 'work' });
});

test('a file that an editor of Windows has saved is read, and written anew without its mark', async () => {
  using bed = openBed({});
  const text = JSON.stringify({ profiles: { work: { domain: 'größe' } } }, null, 2).replaceAll('\n', '\r\n');
  for (const bytes of [Buffer.from(`\ufeff${text}`), Buffer.from(`\ufeff${text}`, 'utf16le')]) {
    writeFileSync(bed.path, bytes);
    expect((await bed.store.read('work')).values).toEqual({ domain: 'größe' });
    await bed.store.use('work');
    expect(bed.content()).toEqual({ profiles: { work: { domain: 'größe' } }, current: 'work' });
  }
});
