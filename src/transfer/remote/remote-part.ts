/** The file of the session that is written beside a target until it is whole: making, marking, taking away. */

import { joinRemote, remoteFolder, remoteName } from '../../core/sftp/remote-path.ts';
import { countDown } from '../../core/time-limit.ts';
import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import { ConflictError, NotFoundError, TransferError } from '../../errors.ts';
import { partName } from '../engine/part-name.ts';
import { SftpStatus, sftpStatus } from '../engine/sftp-error.ts';
import {
  type CleanupRequests,
  OpenFlag,
  type RemoteHandle,
  type SftpRequests,
} from '../engine/sftp-requests.ts';
import { notAFileError } from './remote-target.ts';
import { onlyCopy, replaceRemote } from './replace-remote.ts';

/** Nobody waits longer than this for a slow line to take away what is left of a failure. */
const cleanupMs = 3_000;

/** `lostRenames`: how often the part was to get its target's name without an answer. */
export function remotePartPath(target: string, lostRenames = 0): string {
  const name = remoteName(target) ?? target;
  return joinRemote(remoteFolder(target), partName(lostRenames === 0 ? name : `${name}.${lostRenames}`));
}

/** As the open request of a new part says it. */
export const newPartFlags = OpenFlag.read | OpenFlag.write | OpenFlag.create | OpenFlag.exclusive;

/** A part that is not gone on with is removed first. */
export async function openNewPart(requests: SftpRequests, path: string, mode: number): Promise<RemoteHandle> {
  const flags = newPartFlags;
  try {
    return await requests.open(path, flags, mode);
  } catch (error) {
    // SFTP 3 has no status of its own for "exists".
    if (sftpStatus(error) !== SftpStatus.failure) throw error;
    const found = await undefinedIfMissing(requests.lstat(path));
    if (found?.kind === 'other') throw notAFileError(path);
  }
  // It may have been there a moment ago, as that of another transfer.
  await undefinedIfMissing(requests.remove(path));
  try {
    return await requests.open(path, flags, mode);
  } catch (error) {
    const isTaken =
      sftpStatus(error) === SftpStatus.failure &&
      (await undefinedIfMissing(requests.lstat(path)))?.kind === 'file';
    throw isTaken ? partReplacedError(path) : error;
  }
}

/** Gives a whole part its target's name; `onOnlyCopy` is called when nothing else is left of either. */
export async function putInPlace(
  cleanup: SftpRequests,
  names: { readonly part: string; readonly target: string },
  onOnlyCopy: () => void,
): Promise<void> {
  try {
    // Not to be interrupted: Ctrl-C between removing the old file and renaming the new one would lose both.
    await replaceRemote(cleanup, names.part, names.target);
  } catch (error) {
    if (error instanceof TransferError && error.code === onlyCopy) onOnlyCopy();
    if (error instanceof NotFoundError && (await isGoneAlone(cleanup, names.part)))
      throw partReplacedError(names.part);
    throw error;
  }
}

/** Its folder is still there: somebody else has taken it away, or given it a name. */
async function isGoneAlone(requests: SftpRequests, part: string): Promise<boolean> {
  const [folder, file] = await Promise.all([
    undefinedIfMissing(requests.lstat(remoteFolder(part))),
    undefinedIfMissing(requests.lstat(part)),
  ]);
  return folder !== undefined && file === undefined;
}

/** SFTP 3 has no status for a full disk either; servers that tell the free space make it plain. */
export async function explainWrite(requests: SftpRequests, target: string, error: unknown): Promise<never> {
  if (sftpStatus(error) !== SftpStatus.failure || !requests.offers('statvfs@openssh.com')) throw error;
  const freeBytes = await requests.freeBytes(remoteFolder(target)).catch(() => undefined);
  if (freeBytes === undefined || freeBytes >= 1024 * 1024) throw error;
  throw new TransferError(`cannot write ${target} in the session: its disk is full`, {
    code: 'remote-disk-full',
    hint: 'make room in the session, or put the file into a mounted folder',
    cause: error,
  });
}

/** Modes and times are a courtesy: a server that does not set them still has the bytes. */
export async function ignoreRefusal(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const status = sftpStatus(error);
    if (
      status !== SftpStatus.permissionDenied &&
      status !== SftpStatus.unsupported &&
      status !== SftpStatus.failure
    ) {
      throw error;
    }
  }
}

/**
 * The failure that led here is what the user should hear of, so this one never throws. A handle that was
 * closed must not be among the ones to close: the server gives its number to the next file.
 */
export async function discardPart(
  cleanup: CleanupRequests,
  path: string,
  handle: RemoteHandle | undefined,
): Promise<void> {
  const closed = handle === undefined ? Promise.resolve() : cleanup.close(handle);
  const isGone = await inTime(
    Promise.all([closed.catch(() => {}), undefinedIfMissing(cleanup.remove(path))]),
  );
  if (!isGone) cleanup.left(path);
}

/** Whether the work has succeeded before its time was over. */
export function inTime(work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const count = countDown(cleanupMs, () => resolve(false));
    const end = (isDone: boolean): void => {
      count[Symbol.dispose]();
      resolve(isDone);
    };
    work.then(
      () => end(true),
      () => end(false),
    );
  });
}

export function wrongSizeError(target: string, size: number | undefined, totalBytes: number): TransferError {
  return new TransferError(
    `${target} has ${size ?? 'an unknown number of'} bytes in the session after the transfer instead of ${totalBytes}`,
    { code: 'size-differs' },
  );
}

export function partReplacedError(part: string): ConflictError {
  return new ConflictError(`another program replaced ${part} in the session during the transfer`, {
    code: 'part-replaced',
    hint: 'let one transfer at a time write this file',
  });
}
