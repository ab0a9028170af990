/** Names of one folder that a disk takes for one: there the second file would replace the first. */

import { foldName } from '../../core/sftp/same-names.ts';
import type { Folding } from '../local/name-folding.ts';

/** The names of one folder, as a server lists them. */
export class CaseCollisions {
  readonly #folding: Folding;
  readonly #seen = new Map<string, string[]>();

  constructor(folding: Folding) {
    this.#folding = folding;
  }

  /** Why a name must not be written beside those before it, or nothing. */
  async problem(name: string): Promise<string | undefined> {
    const alike = this.#seen.get(foldName(name)) ?? [];
    if (alike.includes(name)) return 'the server lists this name twice';
    for (const earlier of alike) {
      if (await this.#folding.areOne(earlier, name))
        return `the disk here does not distinguish its name from "${earlier}"`;
    }
    this.#seen.set(foldName(name), [...alike, name]);
    return undefined;
  }
}
