/** Names of one folder that a disk takes for one: there the second file would replace the first. */

import { lstat, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { noneIfMissing } from '../../core/undefined-if-missing.ts';
import { removeTree } from '../../files/held-files.ts';
import { onThisMachine } from '../../files/local-error.ts';

/** Spellings that disks of macOS and Windows do not tell apart: by case, and by how an accent is written. */
const spellings = [
  ['a', 'A'],
  ['\u00e9', 'e\u0301'],
] as const;

/** Whether the disk that a folder is on takes names of different spelling for one; asked once, and only when it matters. */
export class NameFolding {
  readonly #folder: string;
  #answer: Promise<boolean> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  isFolding(): Promise<boolean> {
    this.#answer ??= onThisMachine('write', this.#folder, tryOut(this.#folder));
    return this.#answer;
  }
}

async function tryOut(folder: string): Promise<boolean> {
  const scratch = await mkdtemp(join(folder, '.bai-names-'));
  try {
    for (const [name, other] of spellings) {
      await writeFile(join(scratch, name), '');
      if ((await lstat(join(scratch, other)).catch(noneIfMissing)) !== undefined) return true;
    }
    return false;
  } finally {
    await removeTree(scratch);
  }
}

/** The names of one folder, as a server lists them. */
export class CaseCollisions {
  readonly #folding: Pick<NameFolding, 'isFolding'>;
  readonly #seen = new Map<string, string>();

  constructor(folding: Pick<NameFolding, 'isFolding'>) {
    this.#folding = folding;
  }

  /** Why a name must not be written beside those before it, or nothing. */
  async problem(name: string): Promise<string | undefined> {
    const folded = fold(name);
    const earlier = this.#seen.get(folded);
    if (earlier === undefined) {
      this.#seen.set(folded, name);
      return undefined;
    }
    if (earlier === name) return 'the server lists this name twice';
    return (await this.#folding.isFolding())
      ? `the disk here does not distinguish its name from "${earlier}"`
      : undefined;
  }
}

/** Whatever any disk may take for one: the disk itself has the last word. */
function fold(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase();
}
