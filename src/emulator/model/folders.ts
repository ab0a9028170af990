/** The virtual folders there are. */

import { stableUuid } from './accounts.ts';

export interface EmulatedFolder {
  readonly name: string;
  /** Whose it is: the caller's by default, whoever that is. */
  readonly owner?: 'own' | 'shared' | 'project';
  /** In the manager's words; `rw` by default. */
  readonly permission?: 'none' | 'ro' | 'rw' | 'wd';
  /** `ready` by default. */
  readonly status?: string;
}

export class FolderBook {
  readonly #folders = new Map<string, EmulatedFolder>();
  /** Every folder that a request names is there. */
  readonly #isOpen: boolean;

  constructor(given: readonly (string | EmulatedFolder)[] | undefined) {
    this.#isOpen = given === undefined;
    for (const each of given ?? []) this.#add(typeof each === 'string' ? { name: each } : each);
  }

  /** Whether a session can mount it. */
  has(name: string): boolean {
    if (this.#isOpen && !this.#folders.has(name)) this.#add({ name });
    return this.#folders.has(name);
  }

  /** In the order in which they were made. */
  all(): readonly EmulatedFolder[] {
    return [...this.#folders.values()];
  }

  /** An owner's folders that begin with a dot. */
  inEverySession(): string[] {
    return this.all().flatMap(({ name, owner = 'own' }) =>
      name.startsWith('.') && owner === 'own' ? [name] : [],
    );
  }

  #add(folder: EmulatedFolder): void {
    this.#folders.set(folder.name, folder);
  }
}

/** The same after a restart, without dashes as lists have it. */
export function folderId(name: string): string {
  return stableUuid(`folder ${name}`).replaceAll('-', '');
}
