/** The console's time, which tests let pass without waiting for it. */

export class Clock {
  #aheadMs = 0;

  get now(): number {
    return Date.now() + this.#aheadMs;
  }

  pass(ms: number): void {
    this.#aheadMs += ms;
  }
}

/** `2026-12-07T03:03:21+00:00` */
export function isoTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}+00:00`;
}
