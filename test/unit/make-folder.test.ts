import { existsSync } from 'node:fs';
import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../../src/files/make-folder.ts';
import { makeOwnFolder } from '../../src/files/own-file.ts';
import { tempFolder } from '../support/temp-folder.ts';

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test('all that is missing is made with the mode, and what is there keeps its own', async () => {
  using folder = tempFolder();
  await mkdir(join(folder.path, 'there'), { mode: 0o755 });
  await makeFolder(join(folder.path, 'there', 'a', 'b'), 0o700);
  expect(await modeOf(join(folder.path, 'there'))).toBe(0o755);
  expect(await modeOf(join(folder.path, 'there', 'a'))).toBe(0o700);
  expect(await modeOf(join(folder.path, 'there', 'a', 'b'))).toBe(0o700);
  await makeFolder(join(folder.path, 'there', 'a', 'b'), 0o755);
  expect(await modeOf(join(folder.path, 'there', 'a', 'b'))).toBe(0o700);
});

test.skipIf(!existsSync('/proc/self/stat'))(
  'a mkdir that answers ENOENT below a folder that is there (/proc/a/b) fails at once and with that code',
  async () => {
    await expect(makeFolder('/proc/bai-test/deeper/still')).rejects.toMatchObject({
      code: 'ENOENT',
      path: '/proc/bai-test',
    });
  },
);

test.each([
  ['a file', 'ENOTDIR', (path: string) => writeFile(path, '')],
  ['a link to nowhere', 'EEXIST', (path: string) => symlink('nowhere', path)],
  ['links in a circle', 'ELOOP', (path: string) => symlink('above', path)],
])('%s above it is told by the system’s own code %s', async (_, code, make) => {
  using folder = tempFolder();
  await make(join(folder.path, 'above'));
  await expect(makeFolder(join(folder.path, 'above', 'below'))).rejects.toMatchObject({ code });
  expect(await readdir(folder.path)).toEqual(['above']);
});

test('a link to a folder is one', async () => {
  using folder = tempFolder();
  await mkdir(join(folder.path, 'real'));
  await symlink('real', join(folder.path, 'link'));
  await makeFolder(join(folder.path, 'link', 'a'));
  await makeFolder(join(folder.path, 'link'));
  expect(await readdir(join(folder.path, 'real'))).toEqual(['a']);
});

test('many that make the same folders at once all succeed', async () => {
  using folder = tempFolder();
  for (let round = 0; round < 20; round += 1) {
    const path = join(folder.path, `${round}`, 'a', 'b', 'c');
    await Promise.all(Array.from({ length: 20 }, () => makeFolder(path)));
    expect((await stat(path)).isDirectory()).toBe(true);
  }
});

test('a relative path counts from the folder one is in', async () => {
  using folder = tempFolder();
  const before = process.cwd();
  process.chdir(folder.path);
  try {
    await makeFolder('x/y');
  } finally {
    process.chdir(before);
  }
  expect((await stat(join(folder.path, 'x', 'y'))).isDirectory()).toBe(true);
});

test('a folder of bai’s own that cannot be made is named, with the reason and with BAI_HOME', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'file', 'bai');
  await writeFile(join(folder.path, 'file'), '');
  await expect(makeOwnFolder(path)).rejects.toMatchObject({
    code: 'local-enotdir',
    message: `${path} cannot be written: a part of the path is not a folder`,
    hint: expect.stringContaining('BAI_HOME='),
  });
});
