/** Names that are several files here and one, or none, on the disks of other systems. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as get from '../../src/commands/sftp/get.ts';
import { entryNameProblem } from '../../src/core/sftp/remote-path.ts';
import { sftpBed } from '../e2e/sftp-bed.ts';
import { tempFolder } from '../e2e/transfer-session.ts';
import { startLiar } from './transfer-liar.ts';

/** Each is another file on Linux; Windows takes it for something else, or refuses it. */
const windowsOnly = [
  'CON',
  'nul',
  'COM1.txt',
  'lpt9 .log',
  'AUX.',
  'trailing.',
  'trailing ',
  'a:b',
  'a?b',
  'a"b',
  'CONIN$',
];

test.each(windowsOnly)('the name "%s" is refused on Windows', (name) => {
  expect(entryNameProblem(name, true)).toMatch(/Windows/);
  expect(entryNameProblem(name, false)).toBeUndefined();
});

const folding = ['Name', 'name', 'NAME', '\u00e9', 'e\u0301', '\u212a', 'k', 'K', '\u1e9e', '\u00df'];

test.skipIf(process.platform !== 'linux').each([
  ['that Windows would not take', windowsOnly],
  ['that fold to one in case or Unicode form', folding],
])('names %s are all fetched on Linux, each as its own file', async (_, names) => {
  await using local = await tempFolder();
  await using liar = await startLiar({ folders: { trap: names.map((name) => ({ name })) } });
  const answer = await sftpBed(() => liar).run(get, '-r', 'demo:trap', join(local.path, 'in'));
  expect(answer).toMatchObject({ exitCode: 0, value: { files: names.length, failed: [] } });
  expect((await readdir(join(local.path, 'in'))).sort()).toEqual([...names].sort());
});

test('a name longer than any path is refused before anything is done with it', async () => {
  await using local = await tempFolder();
  const names = [{ name: 'n'.repeat(4_097) }, { name: 'n'.repeat(100_000) }, { name: 'good' }];
  await using liar = await startLiar({ folders: { trap: names } });
  const answer = await sftpBed(() => liar).run(get, '-r', 'demo:trap', join(local.path, 'in'));
  const failed = [{ code: 'refused-name' }, { code: 'refused-name' }];
  expect(answer).toMatchObject({ exitCode: 1, value: { files: 1, failed } });
  expect(liar.opened).toEqual(['trap/good']);
});
