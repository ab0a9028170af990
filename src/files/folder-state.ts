/** Whether a folder can be written to just now: tried, since modes, access lists, quotas and full disks each say no in their own way. */

import { randomBytes } from 'node:crypto';
import { access, constants, open, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { noneIfMissing } from '../core/undefined-if-missing.ts';
import { systemCode } from '../errors.ts';
import { removeFile } from './held-files.ts';
import { hiddenName } from './hidden-name.ts';
import { onThisMachine } from './local-error.ts';
import { ifOffered } from './poor-disk.ts';

interface FolderState {
  /** False: it is not there yet, and can be made. */
  readonly isThere: boolean;
  /** Nothing where the system does not say. */
  readonly freeBytes: number | undefined;
  /** What others than its owner may do there, as of a mode. */
  readonly openMode: number;
}

/** As much as the largest file of bai's own. */
const trialBytes = 64 * 1024;

/** Writes a file for a moment. Rejects with a BaiError that names the path when that is not possible. */
export async function folderState(path: string): Promise<FolderState> {
  const found = await onThisMachine('look at', path, stat(path).catch(noneIfMissing));
  if (found === undefined) return { ...(await makeable(path)), isThere: false, openMode: 0 };
  await onThisMachine('write to', path, tryToWrite(path));
  const openMode = process.platform === 'win32' ? 0 : found.mode & 0o022;
  return { isThere: true, freeBytes: await freeBytes(path), openMode };
}

/** The next folder above that is there has to let one in. */
async function makeable(path: string): Promise<Pick<FolderState, 'freeBytes'>> {
  const above = dirname(path);
  if ((await stat(above).catch(noneIfMissing)) === undefined && above !== path) return makeable(above);
  await onThisMachine('make a folder in', above, access(above, constants.W_OK | constants.X_OK));
  return { freeBytes: await freeBytes(above) };
}

async function tryToWrite(folder: string): Promise<void> {
  const path = join(folder, hiddenName(`doctor-${randomBytes(6).toString('hex')}`, '.bai-'));
  try {
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await file.writeFile(randomBytes(trialBytes));
      await ifOffered(file.sync());
    } finally {
      await file.close();
    }
  } finally {
    await removeFile(path).catch(() => {});
  }
}

async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
