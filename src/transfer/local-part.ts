/** A file of this machine that is written beside its target and takes its place once it is whole. */

import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rename, statfs, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConflictError, systemCode, TransferError } from '../errors.ts';
import { onThisMachine } from './local-error.ts';
import { checkRealFolder } from './local-folder.ts';
import { type KeptAttributes, syncFromBytes } from './one-file.ts';
import { partName } from './part-name.ts';

export interface LocalPart extends AsyncDisposable {
  /** What it is known by; the same for a part that is gone on with. */
  readonly id: string;
  /** Whether it is the one that was asked for. */
  readonly isEarlier: boolean;
  write(bytes: Buffer, position: number): Promise<void>;
  /** Bytes read; 0 at its end. */
  read(into: Buffer, position: number): Promise<number>;
  /** Throws a TransferError when the disk has no room for what is missing. */
  checkRoom(totalBytes: number): Promise<void>;
  /** Throws unless it holds exactly this many bytes; what was written is on the disk then. */
  finish(totalBytes: number): Promise<void>;
  /** After `finish`: gives it the target's name. */
  commit(kept: KeptAttributes): Promise<void>;
  /** Disposal leaves it there from now on. */
  keep(): void;
}

export interface LocalPartOptions {
  /** The part that an earlier run left, to be gone on with if it is still there. */
  readonly earlierId?: string | undefined;
  /** As in `FilePaths`. */
  readonly isInRealFolder?: boolean | undefined;
}

/** `target`'s folder must be there. What has the target's name stays as it is until `commit`. */
export function createLocalPart(target: string, options: LocalPartOptions = {}): Promise<LocalPart> {
  return onThisMachine('write', target, openPart(target, options));
}

async function openPart(
  target: string,
  { earlierId, isInRealFolder = false }: LocalPartOptions,
): Promise<LocalPart> {
  if (isInRealFolder) await checkRealFolder(dirname(target));
  const path = join(dirname(target), partName(basename(target)));
  const oldMode = await modeOfOldFile(target);
  const earlier = earlierId === undefined ? undefined : await openEarlier(path, earlierId);
  if (earlier !== undefined) {
    return localPart({
      ...earlier,
      path,
      target,
      mode: oldMode ?? earlier.mode,
      isEarlier: true,
      isInRealFolder,
    });
  }
  const handle = await openNew(path, oldMode === undefined ? 0o666 : 0o600);
  try {
    // The mode a new file gets here (umask, default ACL) is known from what the system made of 0666.
    const { mode: created, dev, ino } = await handle.stat({ bigint: true });
    const mode = oldMode ?? Number(created) & 0o777;
    if (oldMode === undefined) await handle.chmod(0o600);
    return localPart({
      handle,
      id: `${dev}:${ino}:${mode}`,
      path,
      target,
      mode,
      isEarlier: false,
      isInRealFolder,
    });
  } catch (error) {
    await discard(handle, path);
    throw error;
  }
}

interface Parts {
  readonly handle: FileHandle;
  readonly id: string;
  readonly path: string;
  readonly target: string;
  readonly mode: number;
  readonly isEarlier: boolean;
  readonly isInRealFolder: boolean;
}

function localPart(parts: Parts): LocalPart {
  const { handle, id, path, target, isEarlier } = parts;
  let isInPlace = false;
  let isKept = false;
  return {
    id,
    isEarlier,
    write: (bytes, position) => onThisMachine('write', target, writeAll(handle, bytes, position)),
    read: async (into, position) => {
      const reading = handle.read(into, 0, into.length, position);
      return (await onThisMachine('read', target, reading)).bytesRead;
    },
    checkRoom: (totalBytes) => checkRoom(parts, totalBytes),
    finish: (totalBytes) => onThisMachine('write', target, finish(parts, totalBytes)),
    commit: async (kept) => {
      await onThisMachine('write', target, putInPlace(parts, kept));
      isInPlace = true;
    },
    keep: () => {
      isKept = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (isInPlace) return;
      if (isKept) await handle.close().catch(() => {});
      else await discard(handle, path);
    },
  };
}

const blockBytes = 512;

/** Sizes are the server's word: one that fits no disk is refused before the disk is full of it. */
async function checkRoom({ handle, target }: Parts, totalBytes: number): Promise<void> {
  const [disk, { blocks }] = await Promise.all([
    // A file system that tells nothing of itself is written to all the same.
    statfs(dirname(target)).catch(() => undefined),
    handle.stat(),
  ]);
  if (disk === undefined || disk.blocks === 0) return;
  if (totalBytes - blocks * blockBytes <= disk.bavail * disk.bsize) return;
  throw new TransferError(`${target} has no room on this machine's disk`, {
    code: 'no-room',
    hint: 'make room, or fetch it into another folder; --exclude leaves it out',
  });
}

async function finish({ handle, target }: Parts, totalBytes: number): Promise<void> {
  if (totalBytes >= syncFromBytes) await handle.sync();
  const { size } = await handle.stat();
  if (size !== totalBytes) {
    throw wrongLocalSizeError(target, size, totalBytes);
  }
}

export function wrongLocalSizeError(target: string, size: number, totalBytes: number): TransferError {
  return new TransferError(`${target} has ${size} bytes after the transfer instead of ${totalBytes}`, {
    code: 'size-differs',
  });
}

export function replacedError(path: string): ConflictError {
  return new ConflictError(`another program replaced ${path} during the transfer`, {
    hint: 'let one transfer at a time write this file',
  });
}

async function putInPlace(parts: Parts, kept: KeptAttributes): Promise<void> {
  const { handle, path, target, mode } = parts;
  if (parts.isInRealFolder) await checkRealFolder(dirname(target));
  if (!(await isSameFile(handle, path))) {
    throw replacedError(path);
  }
  await handle.chmod(kept.mode ?? mode);
  if (kept.modifiedAt !== undefined) await handle.utimes(kept.accessedAt ?? kept.modifiedAt, kept.modifiedAt);
  await handle.close();
  await rename(path, target);
}

const noFollow = (constants.O_NOFOLLOW as number | undefined) ?? 0; // Windows has none.

interface Earlier {
  readonly handle: FileHandle;
  readonly id: string;
  readonly mode: number;
}

/** Only the very file that was begun: no link, no other name for another file. */
async function openEarlier(path: string, id: string): Promise<Earlier | undefined> {
  const nonBlocking = (constants.O_NONBLOCK as number | undefined) ?? 0;
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDWR | noFollow | nonBlocking);
  } catch {
    return undefined;
  }
  const mode = Number(id.split(':')[2]);
  const { dev, ino, nlink, ...attributes } = await handle.stat({ bigint: true });
  const isSame = id === `${dev}:${ino}:${mode}` && nlink === 1n && attributes.size >= 0n;
  if (isSame && (await handle.stat()).isFile()) return { handle, id, mode: mode & 0o777 };
  await handle.close();
  return undefined;
}

/** Exclusive creation follows no link; a part that is not gone on with is removed first. */
export async function openNew(path: string, mode: number): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | noFollow;
  try {
    return await open(path, flags, mode);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  await unlink(path);
  return open(path, flags, mode);
}

/** Permission bits of the file that is replaced; nothing where there is none or only a link. */
export async function modeOfOldFile(target: string): Promise<number | undefined> {
  try {
    const old = await lstat(target);
    if (old.isDirectory()) throw new ConflictError(`${target} is a folder`, { code: 'is-folder' });
    return old.isFile() ? old.mode & 0o777 : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
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
