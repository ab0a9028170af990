/** Private key files: 0600 from the moment they exist, whole or not there, in a folder of 0700. */

import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, constants, lstat, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConflictError, LocalSystemError, systemCode } from '../errors.ts';

/** What stands at a key's path. A link, folder or device is never read and never replaced. */
export async function readKeyFile(path: string): Promise<Uint8Array | undefined> {
  const found = await lstatIfThere(path);
  if (found === undefined) return undefined;
  if (!found.isFile()) {
    throw new ConflictError(`${path} is not a plain file`, {
      code: 'key-conflict',
      hint: 'move it away, or choose another place with --output',
    });
  }
  return readFile(path);
}

/** Writes beside, syncs, renames. After a crash at any moment the old file or the whole new one is there. */
export async function writeKeyFile(path: string, content: string): Promise<void> {
  const folder = dirname(path);
  await makeKeyFolder(folder);
  const beside = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.new`);
  try {
    await writeNew(beside, content);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw notWritable(folder, error);
  }
  await syncFolder(folder);
}

/** Takes away what others may do with a key file that is already right; returns the mode it had. */
export async function tightenKeyFile(path: string): Promise<string | undefined> {
  const { mode } = await lstat(path);
  if (process.platform === 'win32' || (mode & 0o077) === 0) return undefined;
  await chmod(path, 0o600);
  return (mode & 0o777).toString(8).padStart(4, '0');
}

async function writeNew(path: string, content: string): Promise<void> {
  // O_EXCL follows no link, and the mode counts from the first moment; the umask can only narrow it.
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const file = await open(path, flags, 0o600);
  try {
    await file.writeFile(content);
    await file.chmod(0o600);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A new folder gets 0700. One that is there stays, but not writable for others: they could replace the key. */
async function makeKeyFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw notWritable(folder, error);
  }
  const found = await stat(folder);
  if (process.platform !== 'win32' && (found.mode & 0o022) !== 0 && isOwn(found)) await chmod(folder, 0o700);
}

function isOwn(found: Stats): boolean {
  return found.uid === process.getuid?.();
}

/** The rename itself must survive a power cut. Some file systems cannot sync a folder; the file is safe even so. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, constants.O_RDONLY);
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'EISDIR', 'EACCES', 'ENOTSUP'].includes(systemCode(error) ?? '')) throw error;
  }
}

async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const folderCodes: ReadonlySet<string> = new Set([
  'EACCES',
  'EROFS',
  'EPERM',
  'ENOTDIR',
  'EEXIST',
  'ENOENT',
  'ELOOP',
]);

function notWritable(folder: string, cause: unknown): unknown {
  const code = systemCode(cause);
  if (code !== undefined && folderCodes.has(code)) {
    return new LocalSystemError(`the folder ${folder} cannot be written (${code})`, {
      code: 'folder-not-writable',
      hint: 'make it yours, or put the key elsewhere with --output',
      cause,
    });
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new LocalSystemError(`no space is left for the key in ${folder}`, {
      code: 'disk-full',
      hint: 'free some space and run the same command again; nothing was changed',
      cause,
    });
  }
  return cause;
}
