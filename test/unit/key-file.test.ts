import { execFileSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConflictError, LocalSystemError } from '../../src/errors.ts';
import {
  createKeyFile,
  readKeyFile,
  removeKeyFileIf,
  tightenKeyFile,
  tightenKeyFolder,
  writeKeyFile,
} from '../../src/keys/key-file.ts';
import { makeSocket } from '../support/special-files.ts';
import { tempFolder } from '../support/temp-folder.ts';

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

test('~/.ssh not created if missing: it is made, 0700, with the key in it, 0600', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'home', '.ssh', 'id_container');
  await writeKeyFile(path, 'key\n');
  expect(await readFile(path, 'utf8')).toBe('key\n');
  expect([await modeOf(path), await modeOf(join(folder.path, 'home', '.ssh'))]).toEqual(['600', '700']);
  expect(await readdir(join(folder.path, 'home', '.ssh'))).toEqual(['id_container']);
});

test.each([0o000, 0o022, 0o077, 0o777])('a umask of %i changes neither mode', async (umask) => {
  using folder = tempFolder();
  const path = join(folder.path, '.ssh', 'id_container');
  if ((umask & 0o700) !== 0) await mkdir(join(folder.path, '.ssh'), { mode: 0o700 });
  const before = process.umask(umask);
  try {
    await writeKeyFile(path, 'key\n');
  } finally {
    process.umask(before);
  }
  expect([await modeOf(path), await modeOf(join(folder.path, '.ssh'))]).toEqual(['600', '700']);
});

test('the ssh folder becomes 0700 when others may write to it, and its mode is told; else it stays', async () => {
  using folder = tempFolder();
  for (const [mode, told, after] of [
    [0o777, '0777', '700'],
    [0o770, '0770', '700'],
    [0o755, undefined, '755'],
    [0o700, undefined, '700'],
  ] as const) {
    const ssh = join(folder.path, mode.toString(8));
    await mkdir(ssh);
    await chmod(ssh, mode);
    await writeKeyFile(join(ssh, 'id_container'), 'key\n');
    expect(await tightenKeyFolder(ssh)).toBe(told);
    expect(await modeOf(ssh)).toBe(after);
  }
  expect(await tightenKeyFolder(join(folder.path, 'nowhere'))).toBeUndefined();
});

test('creating replaces nothing, whatever has the name, and leaves nothing beside', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'id_container');
  expect(await createKeyFile(path, 'first\n')).toBe(true);
  expect(await createKeyFile(path, 'second\n')).toBe(false);
  expect([await readFile(path, 'utf8'), await modeOf(path)]).toEqual(['first\n', '600']);
  const link = join(folder.path, 'link');
  await symlink('/nowhere', link);
  expect(await createKeyFile(link, 'third\n')).toBe(false);
  expect(await readlink(link)).toBe('/nowhere');
  expect((await readdir(folder.path)).sort()).toEqual(['id_container', 'link']);
});

test('of many that create at once one succeeds', async () => {
  using folder = tempFolder();
  const path = join(folder.path, '.ssh', 'id_container');
  const made = await Promise.all(Array.from({ length: 20 }, (_, index) => createKeyFile(path, `${index}\n`)));
  expect(made.filter(Boolean)).toHaveLength(1);
  expect(await readFile(path, 'utf8')).toBe(`${made.indexOf(true)}\n`);
  expect(await readdir(join(folder.path, '.ssh'))).toEqual(['id_container']);
});

test('an existing file is replaced as a whole, and its mode with it', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'id_container');
  await writeFile(path, 'a much longer old key\n', { mode: 0o644 });
  await writeKeyFile(path, 'new\n');
  expect([await readFile(path, 'utf8'), await modeOf(path)]).toEqual(['new\n', '600']);
  expect(await readdir(folder.path)).toEqual(['id_container']);
});

test('the folder may be a link to another folder', async () => {
  using folder = tempFolder();
  await mkdir(join(folder.path, 'real'));
  await symlink('real', join(folder.path, '.ssh'));
  await writeKeyFile(join(folder.path, '.ssh', 'id_container'), 'key\n');
  expect(await readFile(join(folder.path, 'real', 'id_container'), 'utf8')).toBe('key\n');
  expect(await readlink(join(folder.path, '.ssh'))).toBe('real');
});

test.each([
  ['a link to nowhere', (path: string) => symlink('/nowhere/at/all', path)],
  ['a file', (path: string) => writeFile(path, 'no folder\n')],
])('%s where the folder should be is explained', async (_, make) => {
  using folder = tempFolder();
  const ssh = join(folder.path, '.ssh');
  await make(ssh);
  const failed = writeKeyFile(join(ssh, 'id_container'), 'key\n');
  await expect(failed).rejects.toThrow(LocalSystemError);
  await expect(failed).rejects.toThrow(ssh);
  expect(await readdir(folder.path)).toEqual(['.ssh']);
});

test.each([
  ['a link', (path: string, folder: string) => symlink(join(folder, 'elsewhere'), path)],
  ['a link to nowhere', (path: string) => symlink('/nowhere', path)],
  ['a folder', (path: string) => mkdir(path)],
])('%s in place of the key is never read', async (_, make) => {
  using folder = tempFolder();
  await writeFile(join(folder.path, 'elsewhere'), 'secret');
  const path = join(folder.path, 'id_container');
  await make(path, folder.path);
  const failed = readKeyFile(path);
  await expect(failed).rejects.toThrow(ConflictError);
  await expect(failed).rejects.toThrow(path);
});

test.each([
  ['a link', (path: string, target: string) => symlink(target, path)],
  ['a named pipe', async (path: string) => void execFileSync('mkfifo', [path])],
  ['a socket', (path: string) => makeSocket(path)],
])(
  '%s that appears where the key goes is neither followed nor replaced, and nothing is left beside',
  async (kind, make) => {
    using folder = tempFolder();
    const target = join(folder.path, 'target');
    await writeFile(target, 'untouched');
    const path = join(folder.path, 'id_container');
    await make(path, target);
    const before = await lstat(path);
    const failed = writeKeyFile(path, 'key\n');
    await expect(failed).rejects.toMatchObject({
      code: 'key-conflict',
      message: expect.stringContaining(kind),
    });
    expect(await createKeyFile(path, 'key\n')).toBe(false);
    expect((await lstat(path)).ino).toBe(before.ino);
    expect(await readFile(target, 'utf8')).toBe('untouched');
    expect((await readdir(folder.path)).sort()).toEqual(['id_container', 'target']);
  },
);

test('a file that is swapped for a link between the look and the write: what the link leads to is neither read nor changed', async () => {
  using folder = tempFolder();
  const [path, target] = [join(folder.path, 'id_container'), join(folder.path, 'target')];
  await writeFile(target, 'untouched', { mode: 0o644 });
  const swap = async (): Promise<void> => {
    await rm(path, { force: true });
    await symlink(target, path);
  };
  expect(await readKeyFile(path)).toBeUndefined();
  await swap();
  expect(await createKeyFile(path, 'key\n')).toBe(false);
  await expect(tightenKeyFile(path)).rejects.toThrow(ConflictError);
  expect(await removeKeyFileIf(path, async () => true)).toBe(false);
  expect(await readlink(path)).toBe(target);
  expect([await readFile(target, 'utf8'), await modeOf(target)]).toEqual(['untouched', '644']);
  await expect(writeKeyFile(path, 'key\n')).rejects.toThrow(ConflictError);
  expect([await readFile(target, 'utf8'), await readlink(path)]).toEqual(['untouched', target]);
});

test('a key is removed only when its content is right, and else keeps name, content and mode', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'id_container');
  await writeFile(path, 'key\n', { mode: 0o600 });
  const seen: string[] = [];
  const isRight = (answer: boolean) => async (content: Uint8Array) => {
    seen.push(Buffer.from(content).toString());
    return answer;
  };
  expect(await removeKeyFileIf(path, isRight(false))).toBe(false);
  expect([await readFile(path, 'utf8'), await modeOf(path)]).toEqual(['key\n', '600']);
  await expect(removeKeyFileIf(path, () => Promise.reject(new Error('asked in vain')))).rejects.toThrow(
    'vain',
  );
  expect(await readdir(folder.path)).toEqual(['id_container']);
  expect(await removeKeyFileIf(path, isRight(true))).toBe(true);
  expect(await removeKeyFileIf(path, isRight(true))).toBe(false);
  expect([seen, await readdir(folder.path)]).toEqual([['key\n', 'key\n'], []]);
});

test('what takes the name of a key that is being looked at stays, and the key is not lost', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'id_container');
  await writeFile(path, 'key\n');
  const failed = removeKeyFileIf(path, async () => {
    await writeFile(path, 'new\n');
    return false;
  });
  await expect(failed).rejects.toThrow(ConflictError);
  const names = await readdir(folder.path);
  const contents = await Promise.all(names.map((name) => readFile(join(folder.path, name), 'utf8')));
  expect([await readFile(path, 'utf8'), contents.sort()]).toEqual(['new\n', ['key\n', 'new\n']]);
});

test('a failed write leaves nothing beside', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'id_container');
  await mkdir(join(path, 'in the way'), { recursive: true });
  await expect(writeKeyFile(path, 'key\n')).rejects.toThrow();
  expect(await readdir(folder.path)).toEqual(['id_container']);
});

test('a missing file, in a missing folder too, is nothing', async () => {
  using folder = tempFolder();
  expect(await readKeyFile(join(folder.path, 'id_container'))).toBeUndefined();
  expect(await readKeyFile(join(folder.path, '.ssh', 'id_container'))).toBeUndefined();
});

test('many at once to the same place leave one whole key and nothing else', async () => {
  using folder = tempFolder();
  const path = join(folder.path, '.ssh', 'id_container');
  const contents = Array.from({ length: 20 }, (_, index) => `${String(index).repeat(2_000)}\n`);
  await Promise.all(contents.map((content) => writeKeyFile(path, content)));
  expect(contents).toContain(await readFile(path, 'utf8'));
  expect(await readdir(join(folder.path, '.ssh'))).toEqual(['id_container']);
});

test('a key that others can read is tightened, and its mode told', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'id_container');
  await writeFile(path, 'key\n');
  await chmod(path, 0o644);
  expect(await tightenKeyFile(path)).toBe('0644');
  expect(await modeOf(path)).toBe('600');
  await chmod(path, 0o400);
  expect(await tightenKeyFile(path)).toBeUndefined();
  expect(await modeOf(path)).toBe('400');
});
