/** Private key files: 0600 from the moment they exist, whole or not there, in a folder of 0700. */

import { randomBytes } from 'node:crypto';
import { chmod, constants, link, lstat, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { noneIfMissing } from '../core/unless-missing.ts';
import { ConflictError, LocalSystemError, systemCode } from '../errors.ts';

/** What stands at a key's path. A link, folder or device is never read and never replaced. */
export async function readKeyFile(path: string): Promise<Uint8Array | undefined> {
  const found = await lstat(path).catch(noneIfMissing);
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
  await publish(path, content, rename);
}

/** As `writeKeyFile`, but false, and nothing changed, when something has the name by now. */
export async function createKeyFile(path: string, content: string): Promise<boolean> {
  try {
    await publish(path, content, nameOnce);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST' && error instanceof AlreadyThere) return false;
    throw error;
  }
}

class AlreadyThere extends Error {
  readonly code = 'EEXIST';
}

/** A hard link never replaces anything. Where there are none, what comes closest is to look and then rename. */
async function nameOnce(beside: string, path: string): Promise<void> {
  try {
    await link(beside, path);
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (code === 'EEXIST') throw new AlreadyThere(path);
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw error;
    if ((await lstat(path).catch(noneIfMissing)) !== undefined) throw new AlreadyThere(path);
    return rename(beside, path);
  }
  await rm(beside, { force: true });
}

async function publish(
  path: string,
  content: string,
  give: (beside: string, path: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  await makeKeyFolder(folder);
  const beside = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.new`);
  try {
    await writeNew(beside, content);
    await give(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw error instanceof AlreadyThere ? error : notWritable(folder, error);
  }
  await syncFolder(folder);
}

/** Throws as writing a key there would, as far as that can be known before: the folder is made, and has room. */
export async function checkKeyRoom(path: string): Promise<void> {
  const folder = dirname(path);
  await makeKeyFolder(folder);
  const beside = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.new`);
  try {
    await writeNew(beside, ' '.repeat(8 * 1024));
  } catch (error) {
    throw notWritable(folder, error);
  } finally {
    await rm(beside, { force: true }).catch(() => {});
  }
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

/** A new folder gets 0700; one that is there is left as it is. */
async function makeKeyFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await stat(folder);
  } catch (error) {
    throw notWritable(folder, error);
  }
}

/**
 * Makes the user's ssh folder 0700 when others may write to it: they could replace a key. Only ever for that
 * folder: any other is shared on purpose, as far as bai can know. The mode it had, as four digits.
 */
export async function tightenKeyFolder(folder: string): Promise<string | undefined> {
  const found = await stat(folder).catch(noneIfMissing);
  if (found === undefined || !found.isDirectory() || found.uid !== process.getuid?.()) return undefined;
  if ((found.mode & 0o022) === 0) return undefined;
  await chmod(folder, 0o700);
  return (found.mode & 0o7777).toString(8).padStart(4, '0');
}

/** The rename itself must survive a power cut. Some file systems cannot sync a folder; the file is safe even so. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'EISDIR', 'EACCES', 'ENOTSUP'].includes(systemCode(error) ?? '')) throw error;
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
