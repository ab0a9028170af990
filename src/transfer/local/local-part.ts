/** A file of this machine that is written beside its target and takes its place once it is whole. */

import { constants } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConflictError, systemCode, TransferError } from '../../errors.ts';
import { onThisMachine } from '../../files/local-error.ts';
import { ifOffered } from '../../files/poor-disk.ts';
import { type KeptAttributes, syncFromBytes } from '../engine/file-transfer.ts';
import { partName } from '../engine/part-name.ts';
import { fileIdOf, LocalFile, lstatIfThere, rename, unlink } from './local-disk.ts';
import { checkRealFolder } from './local-folder.ts';
import { inTheWay, modeOfOldFile } from './local-target.ts';

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

interface LocalPartOptions {
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
  const file = await openNew(path, oldMode === undefined ? 0o666 : 0o600);
  try {
    // The mode a new file gets here (umask, default ACL) is known from what the system made of 0666.
    const created = await file.stat();
    const mode = oldMode ?? created.mode & 0o777;
    if (oldMode === undefined) await ifOffered(file.setMode(0o600));
    return localPart({
      file,
      id: `${await file.id()}:${mode}`,
      path,
      target,
      mode,
      isEarlier: false,
      isInRealFolder,
    });
  } catch (error) {
    await discard(file, path, await file.id().catch(() => ''));
    throw error;
  }
}

interface Parts {
  readonly file: LocalFile;
  readonly id: string;
  readonly path: string;
  readonly target: string;
  readonly mode: number;
  readonly isEarlier: boolean;
  readonly isInRealFolder: boolean;
}

function localPart(parts: Parts): LocalPart {
  const { file, id, path, target, isEarlier } = parts;
  let isInPlace = false;
  let isKept = false;
  return {
    id,
    isEarlier,
    write: (bytes, position) => onThisMachine('write', target, file.write(bytes, position)),
    read: (into, position) => onThisMachine('read', target, file.read(into, position)),
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
      if (isKept) await file.close().catch(() => {});
      else await discard(file, path, id.split(':', 2).join(':'));
    },
  };
}

const blockBytes = 512;

/** Sizes are the server's word: one that fits no disk is refused before the disk is full of it. */
async function checkRoom({ file, target }: Parts, totalBytes: number): Promise<void> {
  const [disk, { blocks }] = await Promise.all([
    // A file system that tells nothing of itself is written to all the same.
    statfs(dirname(target)).catch(() => undefined),
    file.stat(),
  ]);
  if (disk === undefined || disk.blocks === 0) return;
  if (totalBytes - blocks * blockBytes <= disk.bavail * disk.bsize) return;
  throw new TransferError(`${target} does not fit on this machine's disk`, {
    code: 'no-room',
    hint: 'make room, or fetch it into another folder; --exclude leaves it out',
  });
}

async function finish({ file, target }: Parts, totalBytes: number): Promise<void> {
  if (totalBytes >= syncFromBytes) await ifOffered(file.sync());
  const { size } = await file.stat();
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
  const { file, path, target, mode } = parts;
  if (parts.isInRealFolder) await checkRealFolder(dirname(target));
  if (!(await isSameFile(file, path))) {
    throw replacedError(path);
  }
  await keepAttributes(file, { ...kept, mode: kept.mode ?? mode });
  await file.close();
  // Once more: no call of Node's renames only onto a file, so what comes after this look is replaced.
  await modeOfOldFile(target);
  await rename(path, target);
}

/** As far as the disk has such things. */
export async function keepAttributes(
  file: LocalFile,
  { mode, accessedAt, modifiedAt }: KeptAttributes,
): Promise<void> {
  if (mode !== undefined) await ifOffered(file.setMode(mode));
  if (modifiedAt !== undefined) await ifOffered(file.setTimes(accessedAt ?? modifiedAt, modifiedAt));
}

const noFollow = (constants.O_NOFOLLOW as number | undefined) ?? 0; // Windows has none.

interface Earlier {
  readonly file: LocalFile;
  readonly id: string;
  readonly mode: number;
}

/** Nothing is there, or what cannot be the part of an earlier run. Anything else, such as too many open files, says nothing about it. */
const notOurs: ReadonlySet<string> = new Set(['ENOENT', 'ELOOP', 'EACCES', 'EPERM', 'EISDIR', 'ENXIO']);

/** Only the very file that was begun: no link, no other name for another file. */
async function openEarlier(path: string, id: string): Promise<Earlier | undefined> {
  const nonBlocking = (constants.O_NONBLOCK as number | undefined) ?? 0;
  let file: LocalFile;
  try {
    file = await LocalFile.open(path, constants.O_RDWR | noFollow | nonBlocking);
  } catch (error) {
    if (notOurs.has(systemCode(error) ?? '')) return undefined;
    throw error;
  }
  const mode = Number(id.split(':')[2]);
  const found = await file.stat();
  const isSame = id === `${await file.id()}:${mode}`;
  if (isSame && found.nlink === 1 && found.isFile()) return { file, id, mode: mode & 0o777 };
  await file.close();
  return undefined;
}

/** Exclusive creation follows no link; a part that is not gone on with is removed first. */
export async function openNew(path: string, mode: number): Promise<LocalFile> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | noFollow;
  try {
    return await LocalFile.open(path, flags, mode);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  const old = await lstatIfThere(path);
  if (old !== undefined && !old.isFile() && !old.isSymbolicLink()) throw inTheWay(path, old);
  await unlink(path);
  return LocalFile.open(path, flags, mode);
}

/** The failure that led here is what the user should hear of, so this one never throws. */
async function discard(file: LocalFile, path: string, fileId: string): Promise<void> {
  // It may be closed already, so it is not asked itself.
  const isOurs = await fileIdOf(path).then(
    (found) => found === fileId,
    () => false,
  );
  await file.close().catch(() => {});
  if (isOurs) await unlink(path).catch(() => {});
}

async function isSameFile(file: LocalFile, path: string): Promise<boolean> {
  return (await file.id()) === (await fileIdOf(path));
}
