import { chmod, link, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LocalSystemError } from '../../src/errors.ts';
import { changeConfigFile, readConfigFile } from '../../src/ssh/files/config-file.ts';
import { tempFolder } from '../support/temp-folder.ts';

const advice = 'do it yourself';

async function writeConfigFile(path: string, text: string, hint: string): Promise<void> {
  await changeConfigFile(path, () => text, { advice: hint });
}
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o7777;

test('a new file is 0600 in a new folder of 0700', async () => {
  using folder = tempFolder();
  const path = join(folder.path, '.ssh', 'config');
  expect(await readConfigFile(path, advice)).toBeUndefined();
  await writeConfigFile(path, 'Host a\n', advice);
  expect([await modeOf(path), await modeOf(join(folder.path, '.ssh'))]).toEqual([0o600, 0o700]);
  expect(await readdir(join(folder.path, '.ssh'))).toEqual(['config']);
});

test('bytes of no encoding come back as they were', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'config');
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  await writeFile(path, bytes);
  await writeConfigFile(path, `x${await readConfigFile(path, advice)}`, advice);
  expect(await readFile(path)).toEqual(Buffer.concat([Buffer.from('x'), bytes]));
});

test('the mode stays, also a wide one', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'config');
  await writeFile(path, 'a');
  await chmod(path, 0o664);
  await writeConfigFile(path, 'b', advice);
  expect(await modeOf(path)).toBe(0o664);
});

test('a link stays a link, over several steps, and what it leads to is replaced in its own folder', async () => {
  using folder = tempFolder();
  const dotfiles = join(folder.path, 'dotfiles');
  await mkdir(dotfiles);
  await writeFile(join(dotfiles, 'ssh-config'), 'a', { mode: 0o640 });
  await symlink('ssh-config', join(dotfiles, 'current'));
  const path = join(folder.path, 'config');
  await symlink(join('dotfiles', 'current'), path);
  await writeConfigFile(path, 'b', advice);
  expect(await readlink(path)).toBe(join('dotfiles', 'current'));
  expect(await readlink(join(dotfiles, 'current'))).toBe('ssh-config');
  expect(await readFile(join(dotfiles, 'ssh-config'), 'utf8')).toBe('b');
  expect(await modeOf(join(dotfiles, 'ssh-config'))).toBe(0o640);
  expect((await readdir(dotfiles)).sort()).toEqual(['current', 'ssh-config']);
});

test('the file is replaced, never written to: who reads it sees the old or the new one', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'config');
  await writeFile(path, 'old');
  await link(path, join(folder.path, 'as-it-was'));
  await writeConfigFile(path, 'new', advice);
  expect(await readFile(join(folder.path, 'as-it-was'), 'utf8')).toBe('old');
});

test.each([
  ['a read-only file', async (path: string) => writeFile(path, 'a', { mode: 0o444 }), /read-only/],
  ['a folder in its place', async (path: string) => mkdir(path), /is a folder/],
  ['a link that leads nowhere', async (path: string) => symlink('nowhere', path), /leads nowhere/],
  ['links in a circle', async (path: string) => symlink('config', path), /circle/],
])('%s is refused with the advice, and nothing is left beside it', async (_, make, why) => {
  using folder = tempFolder();
  const path = join(folder.path, 'config');
  await make(path);
  const failed = writeConfigFile(path, 'b', advice);
  await expect(failed).rejects.toThrow(LocalSystemError);
  await expect(failed).rejects.toThrow(why);
  await expect(failed).rejects.toMatchObject({ code: 'ssh-config-not-usable', hint: advice });
  expect(await readdir(folder.path)).toEqual(['config']);
});

test('a file where the folder should be is refused', async () => {
  using folder = tempFolder();
  await writeFile(join(folder.path, '.ssh'), '');
  const failed = writeConfigFile(join(folder.path, '.ssh', 'config'), 'b', advice);
  await expect(failed).rejects.toMatchObject({ code: 'ssh-config-not-usable', hint: advice });
});

test.skipIf(process.getuid?.() === 0)('a read-only folder is refused (root may write to it)', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'config');
  await writeFile(path, 'a');
  await chmod(folder.path, 0o500);
  await expect(writeConfigFile(path, 'b', advice)).rejects.toMatchObject({ hint: advice });
  await chmod(folder.path, 0o700);
});

test('removing takes what is there, and nothing is no failure', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'config');
  const remove = () => changeConfigFile(path, () => undefined, { advice });
  expect(await remove()).toEqual({ before: undefined, after: undefined });
  await writeFile(path, 'a');
  expect(await remove()).toEqual({ before: 'a', after: undefined });
  expect(await readdir(folder.path)).toEqual([]);
});
