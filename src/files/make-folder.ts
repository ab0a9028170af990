/**
 * Folders with all that is missing above them. Node's recursive mkdir never ends where the system answers ENOENT to a
 * name whose parent is there, as below /proc, and hides the reason elsewhere.
 */

import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../errors.ts';

/** What is there already, by way of a link too, keeps its mode. Rejects with the system's error of the folder that cannot be made. */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const below: string[] = [];
  for (let folder = path; ; folder = dirname(folder)) {
    const failure = await tryToMake(folder, mode);
    if (failure === undefined) break;
    if (systemCode(failure) !== 'ENOENT' || dirname(folder) === folder) throw failure;
    below.push(folder);
  }
  for (const folder of below.reverse()) {
    const failure = await tryToMake(folder, mode);
    if (failure !== undefined) throw failure;
  }
}

/** Nothing when the folder is there. */
async function tryToMake(folder: string, mode: number): Promise<unknown> {
  try {
    await mkdir(folder, { mode });
    return undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return error;
    // A folder that is there may be refused with EEXIST, EACCES, EROFS or, a root, EISDIR and EPERM.
    return (await isFolder(folder)) ? undefined : error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    // Why it could not be made says more.
    if (systemCode(error) !== undefined) return false;
    throw error;
  }
}
