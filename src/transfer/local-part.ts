/** A file of this machine that is written beside its target and takes its place once it is whole. */

import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConflictError, systemCode, TransferError } from '../errors.ts';
import { onThisMachine } from './local-error.ts';
import { partName } from './part-name.ts';

export interface LocalPart extends AsyncDisposable {
  write(bytes: Buffer, position: number): Promise<void>;
  /** Puts the file in place if it holds exactly this many bytes. Otherwise disposal removes the part. */
  commit(totalBytes: number): Promise<void>;
}

/** `target`'s folder must be there. What has the target's name stays as it is until `commit`. */
export function createLocalPart(target: string): Promise<LocalPart> {
  return onThisMachine('write', target, openPart(target));
}

async function openPart(target: string): Promise<LocalPart> {
  const path = join(dirname(target), partName(basename(target)));
  const oldMode = await modeOfOldFile(target);
  const handle = await openNew(path, oldMode === undefined ? 0o666 : 0o600);
  try {
    // The mode a new file gets here (umask, default ACL) is known from what the system made of 0666.
    const mode = oldMode ?? (await handle.stat()).mode & 0o777;
    await handle.chmod(0o600);
    return localPart({ handle, path, target, mode });
  } catch (error) {
    await discard(handle, path);
    throw error;
  }
}

interface Parts {
  readonly handle: FileHandle;
  readonly path: string;
  readonly target: string;
  readonly mode: number;
}

function localPart(parts: Parts): LocalPart {
  const { handle, path, target } = parts;
  let isInPlace = false;
  return {
    write: (bytes, position) => onThisMachine('write', target, writeAll(handle, bytes, position)),
    commit: async (totalBytes) => {
      await onThisMachine('write', target, putInPlace(parts, totalBytes));
      isInPlace = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (!isInPlace) await discard(handle, path);
    },
  };
}

async function putInPlace({ handle, path, target, mode }: Parts, totalBytes: number): Promise<void> {
  await handle.sync();
  const { size } = await handle.stat();
  if (size !== totalBytes) {
    throw new TransferError(`${target} has ${size} bytes after the transfer instead of ${totalBytes}`, {
      code: 'size-differs',
    });
  }
  if (!(await isSameFile(handle, path))) {
    throw new ConflictError(`another program replaced ${path} during the transfer`, {
      hint: 'let one transfer at a time write this file',
    });
  }
  await handle.chmod(mode);
  await handle.close();
  await rename(path, target);
}

/** Exclusive creation follows no link; a part that an earlier run left is removed first, and never reused. */
async function openNew(path: string, mode: number): Promise<FileHandle> {
  // Windows has no O_NOFOLLOW.
  const flags =
    constants.O_RDWR |
    constants.O_CREAT |
    constants.O_EXCL |
    ((constants.O_NOFOLLOW as number | undefined) ?? 0);
  try {
    return await open(path, flags, mode);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  await unlink(path);
  return open(path, flags, mode);
}

/** Permission bits of the file that is replaced; nothing where there is none or only a link. */
async function modeOfOldFile(target: string): Promise<number | undefined> {
  try {
    const old = await lstat(target);
    if (old.isDirectory()) throw new ConflictError(`${target} is a folder`, { code: 'is-folder' });
    return old.isFile() ? old.mode & 0o777 : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** The failure that led here is what the user should hear of, so this one never throws. */
async function discard(handle: FileHandle, path: string): Promise<void> {
  const isOurs = await isSameFile(handle, path).catch(() => false);
  await handle.close().catch(() => {});
  if (isOurs) await unlink(path).catch(() => {});
}

async function isSameFile(handle: FileHandle, path: string): Promise<boolean> {
  const [opened, named] = await Promise.all([handle.stat({ bigint: true }), lstat(path, { bigint: true })]);
  return opened.ino === named.ino && opened.dev === named.dev;
}
