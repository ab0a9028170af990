/** How fast something goes lately, rather than on average: a transfer that stalls must not look alive. */

const windowMs = 5_000;
const sampleEveryMs = 250;

interface Sample {
  readonly time: number;
  readonly bytes: number;
}

/** Fed with a growing count of bytes; times in milliseconds of any one clock. */
export class RateWindow {
  readonly #samples: Sample[];

  constructor(time: number, bytes = 0) {
    this.#samples = [{ time, bytes }];
  }

  add(time: number, bytes: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && time - last.time < sampleEveryMs) return;
    this.#forget(time);
    this.#samples.push({ time, bytes });
  }

  /** Never negative; 0 before there is anything to tell from. */
  bytesPerSecond(time: number, bytes: number): number {
    this.#forget(time);
    const first = this.#samples[0];
    if (first === undefined || time <= first.time) return 0;
    return Math.max(0, ((bytes - first.bytes) / (time - first.time)) * 1000);
  }

  /** The newest sample that is older than the window stays: the rate counts from there. */
  #forget(time: number): void {
    while ((this.#samples[1]?.time ?? Number.POSITIVE_INFINITY) <= time - windowMs) this.#samples.shift();
  }
}
