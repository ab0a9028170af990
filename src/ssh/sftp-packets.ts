/** The lengths of an SFTP server's packets, looked at before ssh2 takes them apart. */

import type { SFTPWrapper } from 'ssh2';
import { interceptIncoming } from './ssh2-internals.ts';

/** ssh2 takes none that is longer. */
const longestPacket = 256 * 1024;
const headBytes = 4;

/** Follows them through a stream of chunks. */
class PacketLengths {
  readonly #head = Buffer.alloc(headBytes);
  #headFilled = 0;
  #left = 0;

  /** A length that no packet may have, as soon as it is announced. */
  strangeLength(chunk: Buffer): number | undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#left -= taken;
        at += taken;
        continue;
      }
      const taken = chunk.copy(this.#head, this.#headFilled, at, at + headBytes - this.#headFilled);
      this.#headFilled += taken;
      at += taken;
      if (this.#headFilled < headBytes) continue;
      this.#headFilled = 0;
      this.#left = this.#head.readUInt32BE();
      if (this.#left === 0 || this.#left > longestPacket) return this.#left;
    }
    return undefined;
  }
}

/**
 * From the first packet of a channel on. A large length ssh2 takes for a negative number, and fails over it with an error
 * that says nothing; here it fails as over any other, in ssh2's own words.
 */
export function checkLengths(channel: SFTPWrapper): void {
  // Whoever opens it listens only once the server has agreed to.
  channel.on('error', () => {});
  const lengths = new PacketLengths();
  let isOver = false;
  interceptIncoming(channel, (push) => (chunk) => {
    if (isOver && chunk !== null) return;
    const strange = chunk === null ? undefined : lengths.strangeLength(chunk);
    if (strange === undefined) return push(chunk);
    isOver = true;
    const words =
      strange === 0
        ? 'Invalid packet length'
        : `Packet length ${strange} exceeds max length of ${longestPacket}`;
    channel.emit('error', new Error(words));
    channel.end();
  });
}
