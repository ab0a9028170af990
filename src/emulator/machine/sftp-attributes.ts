/** Applies SFTP's open flags and attributes to files of this system. */

import { constants } from 'node:fs';
import { chmod, type FileHandle, lstat, lutimes, truncate, utimes } from 'node:fs/promises';
import { type Attributes, OpenFlag } from './sftp-codec.ts';

/** Flags of `open` from those of SFTP. */
export function systemFlags(flags: number): number {
  const both = (flags & OpenFlag.read) !== 0 && (flags & OpenFlag.write) !== 0;
  let system = constants.O_RDONLY;
  if (both) system = constants.O_RDWR;
  else if (flags & OpenFlag.write) system = constants.O_WRONLY;
  if (flags & OpenFlag.append) system |= constants.O_APPEND;
  if (flags & OpenFlag.create) system |= constants.O_CREAT;
  if (flags & OpenFlag.truncate) system |= constants.O_TRUNC;
  if (flags & OpenFlag.exclusive) system |= constants.O_EXCL;
  return system;
}

/** Sets what is given; the owner is never changed. */
export async function setPath(path: string, { size, mode, atime, mtime }: Attributes): Promise<void> {
  if (size !== undefined) await truncate(path, size);
  if (mode !== undefined) await chmod(path, mode & 0o7777);
  if (atime === undefined || mtime === undefined) return;
  if ((await lstat(path)).isSymbolicLink()) await lutimes(path, atime, mtime);
  else await utimes(path, atime, mtime);
}

export async function setFile(file: FileHandle, { size, mode, atime, mtime }: Attributes): Promise<void> {
  if (size !== undefined) await file.truncate(size);
  if (mode !== undefined) await file.chmod(mode & 0o7777);
  if (atime !== undefined && mtime !== undefined) await file.utimes(atime, mtime);
}
