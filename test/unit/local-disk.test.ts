/** The same answers from a disk that answers at once and from one that keeps us waiting. */

import { constants } from 'node:fs';
import {
  mkdtemp,
  readFile,
  realpath as realPath,
  rm,
  stat as statByNode,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  fileIdOf,
  LocalFile,
  lstatIfThere,
  realpath,
  rename,
  stat,
  unlink,
} from '../../src/transfer/local/local-disk.ts';

let folder: string;
beforeAll(async () => {
  folder = await realPath(await mkdtemp(join(tmpdir(), 'bai-disk-')));
  await writeFile(join(folder, 'large'), Buffer.alloc(64 << 20));
});
afterAll(() => rm(folder, { recursive: true }));

/** To give up that much takes a disk longer than any other answer here. */
async function keepWaiting(): Promise<void> {
  const doomed = join(folder, 'doomed');
  await writeFile(doomed, Buffer.alloc(64 << 20));
  await unlink(doomed);
}

describe.each([
  ['that answers at once', async () => {}],
  ['that keeps us waiting', keepWaiting],
])('a disk %s', (_name, prepare) => {
  test('writes, reads and tells of a file, and moves and removes it', async () => {
    await prepare();
    const path = join(folder, 'file');
    const file = await LocalFile.open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    await file.write(Buffer.from('0123456789'), 0);
    await file.write(Buffer.from('ab'), 4);
    const large = Buffer.alloc(100_000, 'x');
    await file.write(large, 20);
    const copy = Buffer.alloc(large.length);
    expect(await file.read(copy, 20)).toBe(large.length);
    expect(copy.equals(large)).toBe(true);
    await truncate(path, 10);
    const bytes = Buffer.alloc(4);
    expect(await file.read(bytes, 3)).toBe(4);
    expect(bytes.toString()).toBe('3ab6');
    expect(await file.read(bytes, 10)).toBe(0);
    await file.setMode(0o640);
    await file.setTimes(1_000_000_000, 1_100_000_000);
    await file.sync();
    const found = await file.stat();
    expect([found.size, found.mode & 0o777, found.atimeMs, found.mtimeMs]).toEqual([10, 0o640, 1e12, 1.1e12]);
    expect(await file.id()).toBe(await fileIdOf(path));
    await file.close();
    await rename(path, `${path}-2`);
    expect(await readFile(`${path}-2`, 'utf8')).toBe('0123ab6789');
    await unlink(`${path}-2`);
    await expect(statByNode(`${path}-2`)).rejects.toThrow('ENOENT');
  });

  test('follows links where it says so', async () => {
    await prepare();
    const link = join(folder, 'link');
    await symlink(join(folder, 'large'), link);
    expect((await lstatIfThere(link))?.isSymbolicLink()).toBe(true);
    expect((await stat(link)).size).toBe(64 << 20);
    expect(await realpath(link)).toBe(join(folder, 'large'));
    expect(await fileIdOf(link)).not.toBe(await fileIdOf(join(folder, 'large')));
    await unlink(link);
  });

  test('says what is not there', async () => {
    await prepare();
    const missing = join(folder, 'missing');
    expect(await lstatIfThere(missing)).toBeUndefined();
    const questions = [
      () => stat(missing),
      () => fileIdOf(missing),
      () => realpath(missing),
      () => unlink(missing),
      () => rename(missing, `${missing}-2`),
      () => LocalFile.open(missing, constants.O_RDONLY),
    ];
    for (const ask of questions) await expect(ask()).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(lstatIfThere(join(folder, 'large', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

test('a write that a thread still has does not land in the next file, and a second close closes nothing', async () => {
  const flags = constants.O_RDWR | constants.O_CREAT;
  const paths = [join(folder, 'first'), join(folder, 'second')] as const;
  const first = await LocalFile.open(paths[0], flags, 0o600);
  const written = first.write(Buffer.alloc(1 << 20, 'a'), 0);
  await first.close();
  const second = await LocalFile.open(paths[1], flags, 0o600);
  await written;
  await first.close();
  await expect(first.write(Buffer.from('late'), 0)).rejects.toMatchObject({ code: 'EBADF' });
  await second.write(Buffer.from('second'), 0);
  await second.close();
  expect((await statByNode(paths[0])).size).toBe(1 << 20);
  expect(await readFile(paths[1], 'utf8')).toBe('second');
});
