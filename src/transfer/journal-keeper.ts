/** Writes a journal often enough, and tells what is left behind when a transfer ends early. */

import { type BaiError, InterruptedError } from '../errors.ts';
import type { DoneRanges } from './done-ranges.ts';
import type { Journal, JournalState } from './journal.ts';
import { isLoss } from './lane.ts';

const saveEveryMs = 1_000;

export interface LeftBehind {
  /** The source, for messages. */
  readonly path: string;
  readonly ranges: DoneRanges;
  /** Takes away what cannot be gone on with. */
  discard(): Promise<void>;
  /** Called when the part stays. */
  keep?(): void;
}

export class JournalKeeper {
  readonly #journal: Journal;
  readonly #state: () => JournalState;
  #savedAt = 0;
  #failure: unknown;

  constructor(journal: Journal, state: () => JournalState) {
    this.#journal = journal;
    this.#state = state;
  }

  async save(): Promise<void> {
    this.#savedAt = performance.now();
    await this.#journal.save(this.#state());
  }

  /** At most once a second. A journal that cannot be written only costs the way back to where it stood. */
  saveNowAndThen(): void {
    if (this.#failure !== undefined || performance.now() - this.#savedAt < saveEveryMs) return;
    this.save().catch((error: unknown) => {
      this.#failure = error;
    });
  }

  /** What is to be thrown: after a failure that may pass the part stays, and Ctrl-C says how to go on. */
  async leave(error: unknown, left: LeftBehind): Promise<unknown> {
    const mayPass = error instanceof InterruptedError || isLoss(error);
    if (!mayPass || !this.#journal.isLasting || left.ranges.doneBytes === 0) {
      await this.#journal.remove();
      await left.discard();
      return error;
    }
    left.keep?.();
    await this.save().catch(() => {});
    return error instanceof InterruptedError ? interruptedAt(error, left) : error;
  }
}

function interruptedAt(cause: BaiError, { path, ranges }: LeftBehind): InterruptedError {
  const percent = Math.floor((100 * ranges.doneBytes) / ranges.totalBytes);
  return new InterruptedError(`interrupted; ${percent} % of ${path} have arrived and are kept`, {
    hint: 'run the same command again: it goes on from there',
    cause,
    details: { path, doneBytes: ranges.doneBytes, totalBytes: ranges.totalBytes },
  });
}
