/** Files of ssh's configuration: read byte for byte, replaced whole or not at all, links kept. */

import type { Stats } from 'node:fs';
import { access, constants, mkdir, open, readFile, realpath, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { noneIfMissing } from '../core/unless-missing.ts';
import { LocalSystemError, systemCode } from '../errors.ts';
import { isLink, replaceWith } from './small-file.ts';

/** One character for each byte; nothing when there is no such file. `advice` is the hint of the error otherwise. */
export async function readConfigFile(path: string, advice: string): Promise<string | undefined> {
  try {
    const target = await targetOf(path);
    return target === undefined ? undefined : await readFile(target, 'latin1');
  } catch (error) {
    throw refused(path, error, advice);
  }
}

/**
 * Writes beside, syncs, renames. What a link leads to is replaced and the link stays; mode and owner stay too. A new file
 * is 0600, and so is its new folder 0700. Throws a LocalSystemError with `advice` for its hint, and then nothing has
 * changed.
 */
export async function writeConfigFile(path: string, text: string, advice: string): Promise<void> {
  try {
    const target = await targetOf(path);
    if (target === undefined) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await replaceFile(target ?? path, text);
  } catch (error) {
    throw refused(path, error, advice);
  }
}

export async function removeConfigFile(path: string, advice: string): Promise<void> {
  try {
    const target = await targetOf(path);
    if (target !== undefined) await rm(target);
  } catch (error) {
    throw refused(path, error, advice);
  }
}

/** Where the file is behind links; nothing when there is none. */
async function targetOf(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || (await isLink(path))) throw error;
    return undefined;
  }
}

async function replaceFile(target: string, text: string): Promise<void> {
  const before = await stat(target).catch(noneIfMissing);
  if (before !== undefined) await checkWritable(target, before);
  await replaceWith(target, (beside) => writeNew(beside, text, before));
}

/** A rename would replace a file that nobody may write to, and root may write to all of them. */
async function checkWritable(target: string, { mode }: Stats): Promise<void> {
  if ((mode & 0o222) === 0) {
    throw Object.assign(new Error(`${target} is read-only`), { code: 'EACCES' });
  }
  await access(target, constants.W_OK);
}

async function writeNew(path: string, text: string, before: Stats | undefined): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text, 'latin1');
    if (before !== undefined) {
      const made = await file.stat();
      if (made.uid !== before.uid || made.gid !== before.gid) await file.chown(before.uid, before.gid);
      await file.chmod(before.mode & 0o7777);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

function refused(path: string, cause: unknown, advice: string): unknown {
  const code = systemCode(cause);
  if (code === undefined) return cause;
  const why = reasons[code] ?? `this system says ${code}`;
  return new LocalSystemError(`${path} cannot be used: ${why}`, {
    code: 'ssh-config-not-usable',
    hint: advice,
    cause,
  });
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'it, or its folder, is read-only',
  EPERM: 'it, or its folder, is read-only',
  EROFS: 'it is on a read-only file system',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  EEXIST: 'a part of its path is not a folder',
  ENOENT: 'it is a link that leads nowhere',
  ELOOP: 'its links lead in a circle',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};
