/** Gathers the small files of a folder for tar streams; what a stream does not take goes by itself. */

import { mostFiles } from './tar-use.ts';
import type { TransferRun } from './transfer-run.ts';

const mostBytes = 16 * 1024 * 1024;

interface Moving<T> {
  /** Moves files in one stream; returns those that are to go by themselves. */
  move(files: readonly T[]): Promise<readonly T[]>;
  moveOne(file: T): Promise<void>;
}

export class TarBatches<T extends { readonly size: number }> {
  readonly #run: TransferRun;
  readonly #moving: Moving<T>;
  #files: T[] = [];
  #bytes = 0;

  constructor(run: TransferRun, moving: Moving<T>) {
    this.#run = run;
    this.#moving = moving;
  }

  async add(file: T): Promise<void> {
    if (this.#run.plan !== undefined || !this.#run.tar.takes(file.size)) return this.addAlone(file);
    this.#files.push(file);
    this.#bytes += file.size;
    if (this.#files.length >= mostFiles || this.#bytes >= mostBytes) await this.flush();
  }

  /** A file that no stream is to take. */
  async addAlone(file: T): Promise<void> {
    await this.#run.queue.add(file.size, () => this.#moving.moveOne(file));
  }

  /** To be called after the last one. */
  async flush(): Promise<void> {
    const files = this.#files;
    const bytes = this.#bytes;
    this.#files = [];
    this.#bytes = 0;
    if (files.length === 0) return;
    const { tar } = this.#run;
    if (tar.isWorthwhile(files.length)) await tar.queue.add(bytes, () => this.#moveTogether(files));
    else for (const file of files) await this.addAlone(file);
  }

  async #moveTogether(files: readonly T[]): Promise<void> {
    const left = await this.#moving.move(files);
    this.#run.tar.ended(files.length - left.length);
    for (const file of left) await this.addAlone(file);
  }
}
