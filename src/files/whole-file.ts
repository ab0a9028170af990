/**
 * Files that are whole under their name or not there: written beside, synced, and then given the name, with the folder synced as
 * well. After a crash or on a full disk the old file is there, or the new one.
 */

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, lstat, open, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { noneIfMissing } from '../core/undefined-if-missing.ts';
import { systemCode } from '../errors.ts';
import { removeFile, rename } from './held-files.ts';
import { hiddenName } from './hidden-name.ts';
import { type LockWait, withFileLock } from './lock.ts';
import { checkReplaceable, noneUnlessLink, readPlainFile } from './plain-file.ts';
import { ifOffered } from './poor-disk.ts';
import { syncFolder } from './sync-folder.ts';

export type FileContent = string | Uint8Array;

interface FileOptions {
  /** 0600 when left out, and then exactly that; of any other the umask takes its share. */
  readonly mode?: number | undefined;
  /** For what a new file needs before anything is written into it: an access list, an owner. */
  readonly prepare?: ((file: FileHandle, path: string) => Promise<void>) | undefined;
}

/** Content that is whole on the disk and has no name yet; disposal takes away what was not named. */
export interface StagedFile extends AsyncDisposable {
  /** False, and nothing changed, when something has the name by now. */
  create(): Promise<boolean>;
  /** Throws, and nothing changed, when the name is that of anything but a regular file. */
  replace(): Promise<void>;
}

/** The folder must be there. Rejects with the system's error, and then nothing is left. */
export async function stageFile(
  path: string,
  content: FileContent,
  options: FileOptions = {},
): Promise<StagedFile> {
  const beside = besidePath(path, 'new');
  const discard = (): Promise<void> => removeFile(beside).catch(() => {});
  try {
    await writeNew(beside, content, options);
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    async create() {
      if (!(await nameOnce(beside, path))) return false;
      await syncFolder(dirname(path));
      return true;
    },
    async replace() {
      // What takes the name between this look and the rename is lost: no call of Node's does both at once.
      await checkReplaceable(path);
      await rename(beside, path);
      await syncFolder(dirname(path));
    },
    [Symbol.asyncDispose]: discard,
  };
}

export async function replaceFile(path: string, content: FileContent, options?: FileOptions): Promise<void> {
  await using staged = await stageFile(path, content, options);
  await staged.replace();
}

/**
 * Gives a file a name that is free; false when it is not. A hard link never replaces anything. Where there are none (exFAT, FAT,
 * some network disks) all of bai that name the same take turns, look, and rename: what another program puts there in the
 * microseconds between the two is replaced.
 */
export async function nameOnce(from: string, path: string): Promise<boolean> {
  try {
    await link(from, path);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    return withFileLock(path, () => renameUnlessTaken(from, path));
  }
  await removeFile(from);
  return true;
}

async function renameUnlessTaken(from: string, path: string): Promise<boolean> {
  if ((await lstat(path).catch(noneIfMissing)) !== undefined) return false;
  await rename(from, path);
  return true;
}

/** Reads and replaces under the file's lock; where a link has the name, what it leads to. Nothing is written when `edit` returns nothing. */
export async function changeFile(
  path: string,
  edit: (before: Buffer | undefined) => FileContent | undefined | Promise<FileContent | undefined>,
  { wait, ...options }: FileOptions & { readonly wait?: LockWait | undefined } = {},
): Promise<void> {
  const target = await behindLinks(path);
  await withFileLock(
    target,
    async () => {
      await removeLeftovers(target);
      const after = await edit(await readPlainFile(target));
      if (after !== undefined) await replaceFile(target, after, options);
    },
    wait,
  );
}

/** Where a file is that a link may lead to; the same path when there is nothing. */
export async function behindLinks(path: string): Promise<string> {
  return (await realpath(path).catch((error: unknown) => noneUnlessLink(path, error))) ?? path;
}

/** A name that nobody else takes, in the same folder. */
export function besidePath(path: string, ending: 'new' | 'old'): string {
  return join(dirname(path), `${besideStart(path)}${randomBytes(6).toString('hex')}.${ending}`);
}

/** Of one file alone, however long its name is. */
function besideStart(path: string): string {
  return hiddenName(basename(path), '.', besideEndingBytes);
}

/** For what follows it: 12 digits and an ending, and what the library that edits settings adds to that. */
const besideEndingBytes = '0123456789ab.new.tmp-0123456789abcdef'.length;

/** What writers have left that were killed, also by the library that edits settings: who holds the lock is the only one. */
async function removeLeftovers(path: string): Promise<void> {
  const start = besideStart(path);
  const isLeftover = (name: string): boolean =>
    name.startsWith(start) && /^[0-9a-f]{12}\.new(\.tmp-[0-9a-f]{16})?$/.test(name.slice(start.length));
  for (const name of (await readdir(dirname(path))).filter(isLeftover))
    await removeFile(join(dirname(path), name));
}

async function writeNew(path: string, content: FileContent, options: FileOptions): Promise<void> {
  const { mode = 0o600, prepare } = options;
  // O_EXCL follows no link, and the mode counts from the first moment; the umask can only narrow it.
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  const file = await open(path, flags, mode);
  try {
    if (mode === 0o600 && process.platform !== 'win32') await ifOffered(file.chmod(mode));
    await prepare?.(file, path);
    await file.writeFile(content);
    await ifOffered(file.sync());
  } finally {
    await file.close();
  }
}
