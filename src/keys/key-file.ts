/** Private key files: 0600 from the moment they exist, whole or not there, in a folder of 0700. */

import { chmod, constants, type FileHandle, lstat, open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { noneIfMissing } from '../core/undefined-if-missing.ts';
import { BaiError, ConflictError, LocalSystemError, systemCode } from '../errors.ts';
import { removeFile, rename } from '../files/held-files.ts';
import { makeFolder } from '../files/make-folder.ts';
import { checkReplaceable } from '../files/plain-file.ts';
import { syncFolder } from '../files/sync-folder.ts';
import { besidePath, type FileContent, nameOnce, type StagedFile, stageFile } from '../files/whole-file.ts';
import { nameTooLong } from './read-key.ts';
import { restrictToOwner } from './windows-acl.ts';

/** What stands at a key's path. A link, folder or device is never read and never replaced. */
export async function readKeyFile(path: string): Promise<Uint8Array | undefined> {
  await using file = await openPlain(path);
  return await file?.readFile();
}

/** Nothing when there is no such file. What it opens is what it has looked at: a link that comes in between is not followed. */
async function openPlain(path: string): Promise<FileHandle | undefined> {
  // Opening a pipe or a device could wait for ever, or do something.
  const found = await lstat(path).catch(noneIfMissing);
  if (found === undefined) return undefined;
  if (!found.isFile()) throw notPlain(path);
  try {
    const file = await open(path, constants.O_RDONLY | noFollow | (constants.O_NONBLOCK ?? 0));
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    if (systemCode(error) !== 'ELOOP') throw error;
  }
  throw notPlain(path);
}

const noFollow = constants.O_NOFOLLOW ?? 0;

function notPlain(path: string, cause?: BaiError): ConflictError {
  return new ConflictError(cause?.message ?? `${path} is not a plain file`, {
    code: 'key-conflict',
    hint: 'move it out of the way, or choose another place with --output',
    cause,
  });
}

/** After a crash at any moment the old file or the whole new one is there. A link is not replaced either. */
export async function writeKeyFile(path: string, content: FileContent): Promise<void> {
  await using staged = await stageKeyFile(path, content);
  await staged.replace();
}

/** As `writeKeyFile`, but false, and nothing changed, when something has the name by now. */
export async function createKeyFile(path: string, content: FileContent): Promise<boolean> {
  await using staged = await stageKeyFile(path, content);
  return await staged.create();
}

/**
 * The first half of `writeKeyFile`: several files that belong together are staged first, so that a full disk is
 * noticed before the first of them has changed. A mode other than 0600 is for public halves, and the umask narrows it.
 */
export async function stageKeyFile(path: string, content: FileContent, mode = 0o600): Promise<StagedFile> {
  const folder = dirname(path);
  await makeKeyFolder(folder);
  const isSecret = mode === 0o600 && process.platform === 'win32';
  const restrict = (_: FileHandle, beside: string): Promise<void> =>
    restrictToOwner({ path: beside, name: path, isWritten: false });
  const staged = await explained(
    path,
    stageFile(path, content, { mode, prepare: isSecret ? restrict : undefined }),
  );
  return {
    create: () => explained(path, staged.create()),
    replace: () => explained(path, staged.replace()),
    [Symbol.asyncDispose]: () => staged[Symbol.asyncDispose](),
  };
}

/** Takes a key file away, so that it is gone after a power cut too. Missing already is fine. */
export async function removeKeyFile(path: string): Promise<void> {
  await explained(path, removePlain(path));
  await syncFolder(dirname(path));
}

async function removePlain(path: string): Promise<void> {
  await checkReplaceable(path);
  await removeFile(path);
}

/** Throws as writing a key there would, as far as that can be known before: the folder is made, and has room. */
export async function checkKeyRoom(path: string): Promise<void> {
  await using _staged = await stageKeyFile(path, ' '.repeat(8 * 1024));
}

/**
 * Removes a key file when `isRight` says so of what it holds. It has another name while that is found out, so nobody can swap it in
 * between; when it stays it gets its name back, unless something else has that by then. False when it stays or was gone.
 */
export async function removeKeyFileIf(
  path: string,
  isRight: (content: Uint8Array) => Promise<boolean>,
): Promise<boolean> {
  const aside = besidePath(path, 'old');
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw notWritable(dirname(path), error);
  }
  let isGone = false;
  try {
    const found = await lstat(aside);
    isGone = found.isFile() && (await isRight(await readFile(aside)));
  } finally {
    if (!isGone) await giveBack(aside, path);
  }
  if (isGone) await removeFile(aside);
  return isGone;
}

/** Not over what is there by now. A link or a folder has no hard link. */
async function giveBack(aside: string, path: string): Promise<void> {
  if ((await lstat(aside)).isFile()) {
    if (await nameOnce(aside, path)) return;
  } else if ((await lstat(path).catch(noneIfMissing)) === undefined) return await rename(aside, path);
  throw new ConflictError(`${path} was replaced in between; what was there before is ${aside}`, {
    code: 'key-conflict',
    hint: 'compare the two, and give the right one its name',
  });
}

/** Takes away what others may do with a key file that is already right; returns the mode it had. */
export async function tightenKeyFile(path: string): Promise<string | undefined> {
  if (process.platform === 'win32') {
    await restrictToOwner({ path, name: path, isWritten: true });
    return undefined;
  }
  await using file = await openPlain(path);
  if (file === undefined) return undefined;
  const { mode } = await file.stat();
  if ((mode & 0o077) === 0) return undefined;
  await file.chmod(0o600);
  return (mode & 0o777).toString(8).padStart(4, '0');
}

/** A new folder gets 0700; one that is there is left as it is. */
async function makeKeyFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder, 0o700);
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

async function explained<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof BaiError && error.code === 'not-a-file') throw notPlain(path, error);
    if (systemCode(error) === 'ENAMETOOLONG') throw nameTooLong(path, error);
    throw notWritable(dirname(path), error);
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
  const code = cause instanceof BaiError ? undefined : systemCode(cause);
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
