/** Memory for what is on its way, which is used again for what comes next. */

/** What most servers take in one packet of SSH, and what those of the sessions take; each with room for its head. */
const sizes = [36 * 1024, 132 * 1024, 260 * 1024] as const;
const keptBytes = 16 * 1024 * 1024;
/** Less than this costs next to nothing anew. */
const worthwhileBytes = 8 * 1024;

/**
 * What is allocated outside V8's heap makes it walk that heap, the sooner the longer it lives: with new memory for every byte a
 * quarter of a transfer's processor time was that.
 */
export class ReusedMemory {
  readonly #free = new Map<number, Buffer[]>(sizes.map((size) => [size, []]));
  readonly #own = new WeakSet<ArrayBufferLike>();
  #freeBytes = 0;

  /** Filled with anything. */
  take(bytes: number): Buffer {
    const size = sizes.find((each) => each >= bytes);
    if (size === undefined || bytes < worthwhileBytes) return Buffer.allocUnsafe(bytes);
    const used = this.#free.get(size)?.pop();
    if (used !== undefined) {
      this.#freeBytes -= size;
      return used.subarray(0, bytes);
    }
    const made = Buffer.allocUnsafeSlow(size);
    this.#own.add(made.buffer);
    return made.subarray(0, bytes);
  }

  /** Whether it is a part of what was taken here and is worth being given back. */
  owns(bytes: Uint8Array): boolean {
    return this.#own.has(bytes.buffer);
  }

  /** Any part of what was taken, once nobody needs any of it. */
  give(bytes: Uint8Array): void {
    const { buffer } = bytes;
    if (!this.#own.has(buffer) || this.#freeBytes + buffer.byteLength > keptBytes) return;
    this.#freeBytes += buffer.byteLength;
    this.#free.get(buffer.byteLength)?.push(Buffer.from(buffer));
  }
}
