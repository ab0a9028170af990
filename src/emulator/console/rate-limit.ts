/** The manager's limit of calls, for each account and for all who are nobody, in a window that begins anew. */

import type { Clock } from './clock.ts';

const windowMs = 900_000;

/** As the manager has them. */
export const usualLimits = { account: 30_000, anonymous: 1_000 } as const;

export class RateLimit {
  readonly #limit: number;
  readonly #clock: Clock;
  #windowEnds = 0;
  #count = 0;

  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Counts a call; the headers of its answer, and whether it is one too many. */
  take(): { readonly isOver: boolean; readonly headers: Readonly<Record<string, string>> } {
    const { now } = this.#clock;
    if (now >= this.#windowEnds) {
      this.#windowEnds = now + windowMs;
      this.#count = 0;
    }
    this.#count += 1;
    return {
      isOver: this.#count > this.#limit,
      headers: {
        'x-ratelimit-limit': String(this.#limit),
        'x-ratelimit-remaining': String(Math.max(0, this.#limit - this.#count)),
        'x-ratelimit-window': String(windowMs / 1000),
        'x-ratelimit-reset': String(Math.ceil((this.#windowEnds - now) / 1000)),
      },
    };
  }
}
