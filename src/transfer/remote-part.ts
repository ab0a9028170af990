/** A file of the session that is written beside its target and takes its place once it is whole. */

import { setTimeout as after } from 'node:timers/promises';
import { joinRemote, remoteFolder, remoteName } from '../core/remote-path.ts';
import { ConflictError, NotFoundError, TransferError } from '../errors.ts';
import { partName } from './part-name.ts';
import type { RemoteAttributes } from './remote-attributes.ts';
import { onlyCopy, replaceRemote } from './replace-remote.ts';
import { SftpStatus, sftpStatus } from './sftp-error.ts';
import { OpenFlag, type RemoteHandle, type SftpRequests } from './sftp-requests.ts';

export interface RemotePart extends AsyncDisposable {
  write(bytes: Buffer, position: number): Promise<void>;
  /** Puts the file in place if it holds exactly this many bytes. Otherwise disposal removes the part. */
  commit(totalBytes: number): Promise<void>;
}

export interface RemotePartDeps {
  readonly requests: SftpRequests;
  /** Its requests are sent after Ctrl-C too. */
  readonly cleanup: SftpRequests;
}

/** After Ctrl-C nobody waits longer than this for a slow line to take the part away. */
const cleanupMs = 3_000;

interface Parts extends RemotePartDeps {
  readonly handle: RemoteHandle;
  readonly path: string;
  readonly target: string;
  /** What the file gets at the end; nothing when the server keeps modes to itself. */
  readonly mode: number | undefined;
}

/** What has the target's name stays as it is until `commit`; a link there is followed to the file it means. */
export async function createRemotePart(written: string, deps: RemotePartDeps): Promise<RemotePart> {
  const { requests } = deps;
  const { target, old } = await findTarget(requests, written);
  const path = joinRemote(remoteFolder(target), partName(remoteName(target) ?? target));
  const handle = await openNew(requests, path, old === undefined ? 0o666 : 0o600);
  try {
    // The mode a new file gets there (umask, default ACL) is known from what the server made of 0666.
    const created = requests.attributes(handle);
    await Promise.all([created, ignoreRefusal(requests.setMode(handle, 0o600))]);
    return remotePart({ ...deps, handle, path, target, mode: old?.mode ?? (await created).mode });
  } catch (error) {
    await discard(deps.cleanup, handle, path);
    throw error;
  }
}

function remotePart(parts: Parts): RemotePart {
  const { requests, cleanup, handle, path, target } = parts;
  let isDone = false;
  return {
    write: (bytes, position) =>
      requests
        .write(handle, bytes, position)
        .catch((error: unknown) => explainWrite(requests, target, error)),
    commit: async (totalBytes) => {
      await finish(parts, totalBytes).catch((error: unknown) => explainWrite(requests, target, error));
      // Not to be interrupted: Ctrl-C between removing the old file and renaming the new one would lose both.
      await replaceRemote(cleanup, path, target).catch((error: unknown) => {
        isDone = error instanceof TransferError && error.code === onlyCopy;
        throw error;
      });
      isDone = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (!isDone) await discard(cleanup, handle, path);
    },
  };
}

/** A server works off the requests for one file in order, so they need not wait for each other. */
async function finish({ requests, handle, target, mode }: Parts, totalBytes: number): Promise<void> {
  const synced = requests.offers('fsync@openssh.com') ? requests.sync(handle) : undefined;
  const [{ size }] = await Promise.all([
    requests.attributes(handle),
    synced,
    mode === undefined ? undefined : ignoreRefusal(requests.setMode(handle, mode)),
  ]);
  if (size !== totalBytes) {
    throw new TransferError(
      `${target} has ${size ?? 'an unknown number of'} bytes in the session after the transfer instead of ${totalBytes}`,
      { code: 'size-differs' },
    );
  }
  await requests.close(handle);
}

interface FoundTarget {
  readonly target: string;
  /** The file that is replaced. */
  readonly old: RemoteAttributes | undefined;
}

async function findTarget(requests: SftpRequests, written: string): Promise<FoundTarget> {
  const [old, named] = await Promise.all([
    optional(requests.stat(written)),
    optional(requests.lstat(written)),
  ]);
  if (old?.kind === 'folder') {
    throw new ConflictError(`${written} is a folder in the session`, { code: 'is-folder' });
  }
  const isLink = old !== undefined && named?.kind === 'link';
  return { target: isLink ? await requests.realpath(written) : written, old };
}

async function optional<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** A part that an earlier run left is removed first, and never reused. */
async function openNew(requests: SftpRequests, path: string, mode: number): Promise<RemoteHandle> {
  const flags = OpenFlag.write | OpenFlag.create | OpenFlag.exclusive;
  try {
    return await requests.open(path, flags, mode);
  } catch (error) {
    // SFTP 3 has no status of its own for "exists".
    if (sftpStatus(error) !== SftpStatus.failure) throw error;
    const isThere = await requests.lstat(path).then(
      () => true,
      () => false,
    );
    if (!isThere) throw error;
  }
  await requests.remove(path);
  return requests.open(path, flags, mode);
}

/** SFTP 3 has no status for a full disk either; servers that tell the free space make it plain. */
async function explainWrite(requests: SftpRequests, target: string, error: unknown): Promise<never> {
  if (sftpStatus(error) !== SftpStatus.failure || !requests.offers('statvfs@openssh.com')) throw error;
  const freeBytes = await requests.freeBytes(remoteFolder(target)).catch(() => undefined);
  if (freeBytes === undefined || freeBytes >= 1024 * 1024) throw error;
  throw new TransferError(`cannot write ${target} in the session: its disk is full`, {
    code: 'remote-disk-full',
    hint: 'make room in the session, or put the file into a mounted folder',
    cause: error,
  });
}

/** Modes are a courtesy: a server that does not set them still has the bytes. */
async function ignoreRefusal(work: Promise<void>): Promise<void> {
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

/** The failure that led here is what the user should hear of, so this one never throws. */
async function discard(cleanup: SftpRequests, handle: RemoteHandle, path: string): Promise<void> {
  const timer = new AbortController();
  const removed = Promise.allSettled([cleanup.close(handle), cleanup.remove(path)]);
  await Promise.race([removed, after(cleanupMs, undefined, { signal: timer.signal })]).catch(() => {});
  timer.abort();
}
