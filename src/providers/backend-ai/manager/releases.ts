/** The release of a manager: what it was last time, and what the handshake tells that goes beside. */

import { isSameRelease, type Release, type ReleaseMemory, rememberedRelease } from './release.ts';

export class Releases {
  readonly #memory: ReleaseMemory | undefined;
  readonly #shakeHands: (signal: AbortSignal) => Promise<Release>;
  #telling: Promise<Release> | undefined;
  #told: Release | undefined;
  #remembered: Promise<Release | undefined> | undefined;

  constructor(memory: ReleaseMemory | undefined, shakeHands: (signal: AbortSignal) => Promise<Release>) {
    this.#memory = memory;
    this.#shakeHands = shakeHands;
  }

  /** The handshake, done once; later calls wait for it. */
  release(signal: AbortSignal): Promise<Release> {
    this.#telling ??= this.#ask(signal).catch((error: unknown) => {
      this.#telling = undefined;
      throw error;
    });
    return this.#telling;
  }

  last(): Promise<Release | undefined> {
    this.#remembered ??= rememberedRelease(this.#memory);
    return this.#remembered;
  }

  async likely(signal: AbortSignal): Promise<Release> {
    const remembered = await this.last();
    if (this.#told !== undefined || remembered === undefined) return await this.release(signal);
    this.release(signal).catch(() => {});
    return remembered;
  }

  /** `drop` gets what was found out by a release that is another one by now. */
  async by<T>(
    signal: AbortSignal,
    read: (release: Release) => Promise<T>,
    drop: (found: T) => void = () => {},
  ): Promise<T> {
    const likely = await this.likely(signal);
    if (likely === this.#told) return await read(likely);
    const [told, found] = await Promise.allSettled([this.release(signal), read(likely)]);
    const isRight = told.status === 'fulfilled' && isSameRelease(told.value, likely);
    if (found.status === 'fulfilled') {
      if (isRight) return found.value;
      drop(found.value);
    }
    // What it is that answers goes before whatever it answered.
    if (told.status === 'rejected') throw told.reason;
    if (isRight && found.status === 'rejected') throw found.reason;
    return await read(told.value);
  }

  async #ask(signal: AbortSignal): Promise<Release> {
    const release = await this.#shakeHands(signal);
    this.#told = release;
    void this.#memory?.keepRelease(release);
    return release;
  }
}
