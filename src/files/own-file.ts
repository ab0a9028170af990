/** Files in bai's own folders: changed under a lock, replaced whole, and explained with the way to other folders. */

import { link, lstat, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeText } from '../core/text/decode-text.ts';
import { noneIfMissing } from '../core/undefined-if-missing.ts';
import type { ErrorCode } from '../error-codes/index.ts';
import { BaiError, LocalSystemError, localCode, systemCode } from '../errors.ts';
import { removeFile, rename } from './held-files.ts';
import type { LockWait } from './lock.ts';
import { makeFolder } from './make-folder.ts';
import { checkReplaceable, readPlainFile } from './plain-file.ts';
import { behindLinks, besidePath, changeFile, replaceFile } from './whole-file.ts';

/** For its owner alone. Rejects with a LocalSystemError that names BAI_HOME. */
export function makeOwnFolder(folder: string): Promise<void> {
  return explained(folder, makeFolder(folder, 0o700));
}

/** Nothing when there is none. Rejects with the system's error, or one with the code `not-a-file`. */
export async function readOwnFile(path: string): Promise<string | undefined> {
  const bytes = await readPlainFile(path);
  return bytes && decodeText(bytes);
}

/** As `changeFile`, with the folder made first. */
export async function changeOwnFile(
  path: string,
  edit: (before: string | undefined) => string | undefined | Promise<string | undefined>,
  wait?: LockWait,
): Promise<void> {
  await makeOwnFolder(dirname(path));
  await explained(
    path,
    changeFile(path, (before) => edit(before && decodeText(before)), { wait }),
  );
}

/** For a file that is written without being read: the last one stays. */
export async function replaceOwnFile(path: string, text: string): Promise<void> {
  await makeOwnFolder(dirname(path));
  await explained(
    path,
    behindLinks(path).then((target) => replaceFile(target, text)),
  );
}

/** A link to `target`, in the place of an earlier one. */
export async function replaceOwnLink(path: string, target: string): Promise<void> {
  await makeOwnFolder(dirname(path));
  await explained(
    path,
    replaceLink(path, (beside) => symlink(target, beside)),
  );
}

/** `target` under another name, in the place of an earlier one. On another disk than `target` it is a symbolic link all the same. */
export async function replaceOwnHardLink(path: string, target: string): Promise<void> {
  await makeOwnFolder(dirname(path));
  const make = async (beside: string): Promise<void> => {
    await link(target, beside).catch((error: unknown) => {
      if (systemCode(error) !== 'EXDEV') throw error;
      return symlink(target, beside);
    });
  };
  await explained(path, replaceLink(path, make));
}

async function replaceLink(path: string, make: (beside: string) => Promise<void>): Promise<void> {
  const beside = besidePath(path, 'new');
  try {
    await make(beside);
    const found = await lstat(path).catch(noneIfMissing);
    if (found?.isSymbolicLink() !== true) await checkReplaceable(path);
    await rename(beside, path);
  } finally {
    // Still there after a rename to a name that the same file has already.
    await removeFile(beside).catch(() => {});
  }
}

async function explained<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw explain(path, error);
  }
}

const otherHome = "set BAI_HOME= to a folder that you can write to: it takes all of bai's own files";

function explain(path: string, cause: unknown): unknown {
  const code = systemCode(cause);
  const reason = reasons[code ?? ''];
  if (cause instanceof BaiError || code === undefined || reason === undefined) return cause;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new LocalSystemError(`${path} cannot be written: ${reason[0]}`, {
    code: reason[1] ?? localCode(code),
    hint: isFull ? 'free some space and run the same command again; nothing was changed' : otherHome,
    details: { path },
    cause,
  });
}

/** In words, and the error's code where it is not that of the system. */
const reasons: Readonly<Record<string, readonly [string, ErrorCode?]>> = {
  EACCES: ['permission denied'],
  EPERM: ['permission denied'],
  EROFS: ['the file system is read-only'],
  ENOENT: ['a folder above it cannot be made'],
  ENOTDIR: ['a part of the path is not a folder'],
  EEXIST: ['a file, or a link to nowhere, is in the place of its folder', 'local-enotdir'],
  ELOOP: ['links lead in a circle'],
  ENAMETOOLONG: ['the path is too long'],
  ENOSPC: ['the disk is full'],
  EDQUOT: ['the disk quota is used up'],
  ENOSYS: ['its file system does not offer that', 'local-system'],
  ENOTSUP: ['its file system does not offer that', 'local-system'],
  EOPNOTSUPP: ['its file system does not offer that', 'local-system'],
};
