/** What a disk takes for one name: asked of the disk itself, because every system has disks of every kind. */

import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { systemCode } from '../../errors.ts';
import { removeTree } from '../../files/held-files.ts';
import { onThisMachine } from '../../files/local-error.ts';
import { lstatIfThere } from './local-disk.ts';

/** Spellings that disks of macOS and Windows do not tell apart: by case, and by how an accent is written. */
const spellings = [
  ['a', 'A'],
  ['\u00e9', 'e\u0301'],
] as const;

export interface Folding {
  /** Whether a file of the one name is found by the other. */
  areOne(one: string, other: string): Promise<boolean>;
}

/** `mayWrite`: it is tried out; else only what is there is looked at, which tells of all names alike. Asked only when it matters. */
export class NameFolding implements Folding {
  readonly #folder: string;
  readonly #mayWrite: boolean;
  #answer: Promise<boolean> | undefined;

  constructor(folder: string, { mayWrite }: { readonly mayWrite: boolean }) {
    this.#folder = folder;
    this.#mayWrite = mayWrite;
  }

  async areOne(one: string, other: string): Promise<boolean> {
    this.#answer ??= this.#ask((folder) =>
      this.#mayWrite ? tryOut(folder, spellings) : looksFolding(folder),
    );
    if (!(await this.#answer)) return false;
    return this.#mayWrite ? await this.#ask((folder) => tryOut(folder, [[one, other]])) : true;
  }

  async #ask(question: (folder: string) => Promise<boolean>): Promise<boolean> {
    const folder = await nearestFolder(resolve(this.#folder));
    return onThisMachine(this.#mayWrite ? 'write' : 'read', folder, question(folder));
  }
}

/** What is not there yet is going to be on the disk of what it will be in. */
async function nearestFolder(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder))
    if (dirname(folder) === folder || (await lstatIfThere(folder)) !== undefined) return folder;
}

async function tryOut(
  folder: string,
  pairs: readonly (readonly [name: string, other: string])[],
): Promise<boolean> {
  const scratch = await mkdtemp(join(folder, '.bai-names-'));
  try {
    for (const [name, other] of pairs) {
      const isMade = (await make(join(scratch, name))) === 'made';
      if (isMade && (await make(join(scratch, other))) === 'there already') return true;
    }
    return false;
  } finally {
    await removeTree(scratch);
  }
}

/** A name that the disk does not take is in nobody's way. */
async function make(path: string): Promise<'made' | 'there already' | 'refused'> {
  try {
    await writeFile(path, '', { flag: 'wx' });
    return 'made';
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (code === 'EEXIST') return 'there already';
    if (['EINVAL', 'EILSEQ', 'ENAMETOOLONG', 'ENOENT'].includes(code)) return 'refused';
    throw error;
  }
}

/** By the first name that could be spelled otherwise: one in the folder, or else its own. */
async function looksFolding(folder: string): Promise<boolean> {
  const names = new Set(await readdir(folder));
  const name = [...names].find((each) => !names.has(swapCase(each)));
  if (name !== undefined) return (await lstatIfThere(join(folder, swapCase(name)))) !== undefined;
  const own = basename(folder);
  if (swapCase(own) === own) return false;
  const other = await lstatIfThere(join(dirname(folder), swapCase(own)));
  return other !== undefined && other.ino === (await lstatIfThere(folder))?.ino;
}

function swapCase(name: string): string {
  return name.replace(/[a-z]+|[A-Z]+/g, (letters) =>
    letters < 'a' ? letters.toLowerCase() : letters.toUpperCase(),
  );
}
