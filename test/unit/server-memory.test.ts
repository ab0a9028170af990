import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openServerMemory } from '../../src/config/server-memory.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder[Symbol.dispose]());

const one = { id: 'id-1', name: 'demo' };
const release = { api: 'v9.20250722', text: '26.9.6' };

test('the next run knows what this one kept, and another account of the same server does not', async () => {
  const memory = openServerMemory(folder.path, 'https://manager AK1');
  await Promise.all([memory.keepRelease(release), memory.keepSession('demo', one)]);
  const again = openServerMemory(folder.path, 'https://manager AK1');
  expect([await again.release(), await again.session('demo')]).toMatchObject([release, one]);
  expect(await openServerMemory(folder.path, 'https://manager AK2').session('demo')).toBeUndefined();
});

test('a session that is gone is forgotten, and the oldest one for the fifty-first', async () => {
  const memory = openServerMemory(folder.path, 'a');
  await memory.keepSession('gone', one);
  await memory.keepSession('gone', undefined);
  expect(await memory.session('gone')).toBeUndefined();
  for (let at = 0; at < 51; at += 1) await memory.keepSession(`s${at}`, one);
  const again = openServerMemory(folder.path, 'a');
  expect(await again.session('s0')).toBeUndefined();
  expect(await again.session('s1')).toMatchObject(one);
});

test('a file that is damaged, or a folder that is none, is no memory and no failure', async () => {
  const memory = openServerMemory(folder.path, 'a');
  await memory.keepRelease(release);
  const [name = ''] = await readdir(folder.path);
  expect(JSON.parse(await readFile(join(folder.path, name), 'utf8'))).toMatchObject({ version: 1 });
  await writeFile(join(folder.path, name), '{"version":1,"sessions":[{"id":7}]}');
  expect(await openServerMemory(folder.path, 'a').release()).toBeUndefined();
  await writeFile(join(folder.path, 'file'), '');
  await openServerMemory(join(folder.path, 'file', 'below'), 'a').keepRelease(release);
});
