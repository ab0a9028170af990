/** What a transfer would do: the engine finds it out as ever, and notes it here instead of doing it. */

interface PlannedCopy {
  /** The source. */
  readonly path: string;
  readonly target: string;
  readonly bytes: number;
  /** `replaces` a file that is there. */
  readonly reason: 'new' | 'replaces';
}

export class DryRun {
  readonly #folders = new Set<string>();
  readonly #copies: PlannedCopy[] = [];

  /** That would be made, each before what is in it. */
  get folders(): readonly string[] {
    return [...this.#folders].sort();
  }

  /** Files of several folders are looked at at a time, in no order. */
  get copies(): readonly PlannedCopy[] {
    return [...this.#copies].sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  hasFolder(path: string): boolean {
    return this.#folders.has(path);
  }

  addFolder(path: string): void {
    this.#folders.add(path);
  }

  addCopy(copy: PlannedCopy): void {
    this.#copies.push(copy);
  }
}
