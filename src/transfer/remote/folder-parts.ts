/** The parts of a listing in order, asked for ahead of their reader. */

import type { PooledChannel } from '../engine/pooled-channel.ts';
import type { RemoteEntry } from '../engine/remote-attributes.ts';
import type { RemoteHandle } from '../engine/sftp-requests.ts';

type Part = readonly RemoteEntry[] | undefined;

/** Of names that are read on and that nobody has asked for yet. */
const mostAheadBytes = 1024 * 1024;

export class FolderParts {
  readonly #lane: PooledChannel;
  readonly #folder: RemoteHandle;
  readonly #asked: Promise<Part>[] = [];
  #isReadingOn = false;
  #isClosed = false;

  constructor(lane: PooledChannel, folder: RemoteHandle) {
    this.#lane = lane;
    this.#folder = folder;
  }

  /** The next part, nothing at the end. So many are asked for at the same time. */
  next(atOnce: number): Promise<Part> {
    const wanted = this.#isReadingOn ? 1 : atOnce;
    while (!this.#isClosed && this.#asked.length < wanted) void this.#ask();
    return this.#asked.shift() ?? Promise.resolve(undefined);
  }

  /** Reads to the end and closes the folder, whenever its names are wanted; a large one stays open. Never rejects. */
  async readOn(): Promise<void> {
    this.#isReadingOn = true;
    try {
      let bytes = 0;
      while (!this.#isClosed && bytes < mostAheadBytes) {
        const part = await (this.#asked.at(-1) ?? this.#ask());
        if (part === undefined) return this.close();
        for (const { name } of part) bytes += name.length;
        if (!this.#isClosed) void this.#ask();
      }
    } catch {
      // Whoever comes to this part is told.
      this.close();
    } finally {
      this.#isReadingOn = false;
    }
  }

  /** Nothing depends on the answer, and after a failure there may be none. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lane.cleanup.close(this.#folder).catch(() => {});
  }

  #ask(): Promise<Part> {
    const part = this.#lane.requests.readFolder(this.#folder);
    part.catch(() => {});
    this.#asked.push(part);
    return part;
  }
}
