/** What has been told of a session once: an empty file for each, by the session's id. */

import { createHash } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';
import { removeFile } from '../files/held-files.ts';
import { makeFolder } from '../files/make-folder.ts';

/** No session lives that long, and files that nobody takes away pile up. */
const lastsMs = 90 * 24 * 3_600_000;

/** Whether it is the first time for this id; of several runs at once it is for one. True where nothing can be remembered. */
export async function isFirstTime(folder: string, id: string, now = Date.now()): Promise<boolean> {
  // An id comes from a manager, so it is a file name only when it looks like one.
  const name = /^[\w-]{1,100}$/.test(id) ? id : createHash('sha256').update(id).digest('hex');
  try {
    await makeFolder(folder, 0o700);
    await writeFile(join(folder, name), '', { flag: 'wx', mode: 0o600 });
    await forgetOld(folder, now);
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return systemCode(error) !== 'EEXIST';
  }
}

async function forgetOld(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (now - (await stat(path)).mtimeMs > lastsMs) await removeFile(path);
  }
}
