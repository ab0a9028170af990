/** An end that many waits share: a lost connection, Ctrl-C. */

import type { BaiError } from '../../errors.ts';

/**
 * Racing each request against one long-lived promise would leave a reaction behind for every request,
 * so a transfer of a million requests would keep them all; here a settled wait takes its listener along.
 */
export class Latch {
  #reason: BaiError | undefined;
  readonly #waiting = new Set<(reason: BaiError) => void>();

  /** Why it closed; the first reason stays. */
  get reason(): BaiError | undefined {
    return this.#reason;
  }

  close(reason: BaiError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const reject of waiting) reject(reason);
  }

  /** Calls `reject` when the latch closes, at once if it is closed; the returned function takes that back. */
  watch(reject: (reason: BaiError) => void): () => void {
    if (this.#reason !== undefined) {
      reject(this.#reason);
      return () => {};
    }
    this.#waiting.add(reject);
    return () => this.#waiting.delete(reject);
  }
}
