/** Counts wrong passwords of an e-mail, and blocks it for a while after too many. */

import type { Clock } from './clock.ts';

interface Limits {
  readonly allowed: number;
  readonly blockMs: number;
}

export class FailedLogins {
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #failed = new Map<string, { readonly count: number; readonly last: number }>();

  constructor(limits: Limits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Asking is a try: the time begins anew with each. */
  isBlocked(email: string): boolean {
    const count = this.#countOf(email);
    if (count < this.#limits.allowed) return false;
    this.#failed.set(email, { count, last: this.#clock.now });
    return true;
  }

  add(email: string): void {
    this.#failed.set(email, { count: this.#countOf(email) + 1, last: this.#clock.now });
  }

  forget(email: string): void {
    this.#failed.delete(email);
  }

  #countOf(email: string): number {
    const failed = this.#failed.get(email);
    const isOver = failed === undefined || this.#clock.now - failed.last > this.#limits.blockMs;
    return isOver ? 0 : failed.count;
  }
}
