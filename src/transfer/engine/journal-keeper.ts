/** Writes a journal often enough, and tells what is left behind when a transfer ends early. */

import { BaiError, InterruptedError } from '../../errors.ts';
import type { DoneRanges } from './done-ranges.ts';
import type { Journal, JournalState } from './journal.ts';
import { isLoss } from './pooled-channel.ts';

const saveEveryMs = 1_000;
const saveEveryBytes = 8 * 1024 * 1024;

interface LeftBehind {
  /** The source, for messages. */
  readonly path: string;
  /** Takes away what cannot be gone on with. */
  discard(): Promise<void>;
  /** Called when the part stays. */
  keep?(): void;
}

export class JournalKeeper {
  readonly #journal: Journal;
  readonly #ranges: DoneRanges;
  readonly #state: () => Omit<JournalState, 'done'>;
  #savedAt = 0;
  #savedBytes = 0;
  #failure: unknown;

  constructor(journal: Journal, ranges: DoneRanges, state: () => Omit<JournalState, 'done'>) {
    this.#journal = journal;
    this.#ranges = ranges;
    this.#state = state;
  }

  async save(): Promise<void> {
    this.#savedAt = performance.now();
    this.#savedBytes = this.#ranges.doneBytes;
    await this.#journal.save({ ...this.#state(), done: this.#ranges.ranges() });
  }

  /** Every second, and more often when much arrives in one. A journal that cannot be written only costs the way back to where it stood. */
  saveNowAndThen(): void {
    const isDue =
      performance.now() - this.#savedAt >= saveEveryMs ||
      this.#ranges.doneBytes - this.#savedBytes >= saveEveryBytes;
    if (this.#failure !== undefined || !isDue) return;
    this.save().catch((error: unknown) => {
      this.#failure = error;
    });
  }

  /** What is to be thrown: after a failure that may pass the part stays, and Ctrl-C says how to go on. */
  async leave(error: unknown, left: LeftBehind): Promise<unknown> {
    const isHeld = error instanceof BaiError && error.code === 'file-in-use';
    const mayPass = error instanceof InterruptedError || isLoss(error) || isHeld;
    if (!mayPass || !this.#journal.isLasting || this.#ranges.doneBytes === 0) {
      // Where nothing can be removed any more, what led here is what the user should hear of.
      await this.#journal.remove().catch(() => {});
      await left.discard();
      return error;
    }
    left.keep?.();
    await this.save().catch(() => {});
    return error instanceof InterruptedError ? interruptedAt(error, left.path, this.#ranges) : error;
  }
}

function interruptedAt(cause: BaiError, path: string, ranges: DoneRanges): InterruptedError {
  const percent = Math.floor((100 * ranges.doneBytes) / ranges.totalBytes);
  const facts = {
    hint: 'run the same command again: it resumes from there',
    cause,
    details: { path, doneBytes: ranges.doneBytes, totalBytes: ranges.totalBytes },
  };
  const message = `interrupted; ${percent} % of ${path} have arrived and are kept`;
  return new InterruptedError(message, facts, cause.exitCode);
}
