/** The names in a folder of this machine: bytes, of which only those that are UTF-8 can be passed on. */

import { isUtf8 } from 'node:buffer';
import { readdir } from 'node:fs/promises';

interface LocalName {
  /** Where it is not UTF-8 with marks in the place of what is not, so that it is the name of another file or of none. */
  readonly name: string;
  /** Why no file is to be asked for by it, or nothing. */
  readonly problem: string | undefined;
}

/** All at once: an open folder must not wait for the files that are found in it. Rejects with the system's error. */
export async function readLocalNames(folder: string): Promise<readonly LocalName[]> {
  const names = await readdir(folder, { encoding: 'buffer' });
  return names.map((bytes) => ({
    name: bytes.toString('utf8'),
    problem: isUtf8(bytes) ? undefined : 'the name is not valid UTF-8',
  }));
}
