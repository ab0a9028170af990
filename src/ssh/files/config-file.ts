/** Files of ssh's configuration: read byte for byte, replaced whole or not at all, links kept. */

import type { Stats } from 'node:fs';
import { access, constants, type FileHandle, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { noneIfMissing } from '../../core/undefined-if-missing.ts';
import { BaiError, LocalSystemError, systemCode } from '../../errors.ts';
import { removeFile } from '../../files/held-files.ts';
import { type LockWait, withFileLock } from '../../files/lock.ts';
import { makeFolder } from '../../files/make-folder.ts';
import { readPlainFile } from '../../files/plain-file.ts';
import { behindLinks, replaceFile } from '../../files/whole-file.ts';

/** One character for each byte; nothing when there is no such file. `advice` is the hint of the error otherwise. */
export async function readConfigFile(path: string, advice: string): Promise<string | undefined> {
  try {
    return (await readPlainFile(path))?.toString('latin1');
  } catch (error) {
    throw refused(path, error, advice);
  }
}

/** What was there, and what is there now. */
export interface ConfigChange {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/**
 * Replaces the file by what `edit` makes of it, or takes it away, while no other bai does the same. What a link leads to is
 * replaced and the link stays; mode and owner stay too. A new file is 0600, and so is its new folder 0700. Throws a
 * LocalSystemError with `advice` for its hint, and then nothing has changed.
 */
export async function changeConfigFile(
  path: string,
  edit: (before: string | undefined) => string | undefined,
  { advice, wait }: { readonly advice: string; readonly wait?: LockWait | undefined },
): Promise<ConfigChange> {
  try {
    const target = await behindLinks(path);
    const before = await stat(target).catch(noneIfMissing);
    if (before === undefined) await makeFolder(dirname(target), 0o700);
    else await checkWritable(target, before);
    return await withFileLock(target, () => change(target, edit), wait);
  } catch (error) {
    throw refused(path, error, advice);
  }
}

/**
 * Runs work that reads, tries and writes several files of ssh's configuration while no other bai does any for the same `path`, which
 * the work itself does not change. Throws a LocalSystemError with `advice` for its hint when that is not to be had.
 */
export async function aloneWithConfig<T>(
  path: string,
  work: () => Promise<T>,
  { advice, wait }: { readonly advice: string; readonly wait?: LockWait | undefined },
): Promise<T> {
  try {
    await makeFolder(dirname(path), 0o700);
    return await withFileLock(path, work, wait);
  } catch (error) {
    throw refused(path, error, advice);
  }
}

async function change(
  target: string,
  edit: (before: string | undefined) => string | undefined,
): Promise<ConfigChange> {
  const before = (await readPlainFile(target))?.toString('latin1');
  const after = edit(before);
  if (after === undefined) await removeFile(target);
  else if (after !== before) {
    const stats = await stat(target).catch(noneIfMissing);
    const prepare = (file: FileHandle): Promise<void> => keepOwner(file, stats);
    await replaceFile(target, Buffer.from(after, 'latin1'), { prepare });
  }
  return { before, after };
}

/** A rename would replace a file that nobody may write to, and root may write to all of them. */
async function checkWritable(target: string, { mode }: Stats): Promise<void> {
  if ((mode & 0o222) === 0) {
    throw Object.assign(new Error(`${target} is read-only`), { code: 'EACCES' });
  }
  await access(target, constants.W_OK);
}

async function keepOwner(file: FileHandle, before: Stats | undefined): Promise<void> {
  if (before === undefined) return;
  const made = await file.stat();
  if (made.uid !== before.uid || made.gid !== before.gid) await file.chown(before.uid, before.gid);
  await file.chmod(before.mode & 0o7777);
}

function refused(path: string, cause: unknown, advice: string): unknown {
  if (cause instanceof BaiError && cause.code === 'not-a-file')
    return notUsable(cause.message, advice, cause);
  const code = systemCode(cause);
  if (cause instanceof BaiError || code === undefined) return cause;
  const why = reasons[code] ?? `this system says ${code}`;
  return notUsable(`${path} cannot be used: ${why}`, advice, cause);
}

function notUsable(message: string, hint: string, cause: unknown): LocalSystemError {
  return new LocalSystemError(message, { code: 'ssh-config-not-usable', hint, cause });
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
