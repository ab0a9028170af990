/** Failures of this machine's file system as errors a user understands. */

import { BaiError, LocalSystemError, NotFoundError, systemCode } from '../errors.ts';

/** The disk here is full: nothing further can be written, so a tree stops at it. */
export const diskFull = 'disk-full';

/** Waits for `work`; a system error becomes a BaiError that reads "cannot ACTION PATH: …". */
export async function onThisMachine<T>(action: string, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw localError(error, action, path);
  }
}

function localError(error: unknown, action: string, path: string): unknown {
  const code = systemCode(error);
  if (error instanceof BaiError || code === undefined) return error;
  const what = `cannot ${action} ${path} on this machine`;
  switch (code) {
    case 'ENOENT':
      return new NotFoundError(`${what}: no such file or folder`, { cause: error });
    case 'ENOSPC':
    case 'EDQUOT':
      return new LocalSystemError(`${what}: the disk is full`, {
        code: diskFull,
        hint: 'make room and run the same command again',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new LocalSystemError(`${what}: permission denied`, { code: 'local-denied', cause: error });
    default:
      return new LocalSystemError(`${what}: ${reasons[code] ?? code}`, { cause: error });
  }
}

const reasons: Readonly<Record<string, string>> = {
  EBADF: 'nothing is open under that number',
  EEXIST: 'something else is already there',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a link, or links lead in a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  EPIPE: 'nobody reads it any more',
  ENOTDIR: 'a part of the path is not a folder',
  ENOTEMPTY: 'a folder that is not empty is already there',
};
