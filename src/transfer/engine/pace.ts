/** How fast the content of files may move: one pace for all connections of a command, in either direction. */

import { setTimeout as after } from 'node:timers/promises';
import { interruptedBy } from '../../errors.ts';
import { requestBytes } from './sftp-channel.ts';

/** So many pieces a second look even to people and to the line. */
const piecesPerSecond = 10;
const fewestBytes = 1024;
/** Timers come late: what was missed in so short a time may be made up for, and nothing of a pause before. */
const arrearsMs = 100;

function elapsedMs(): number {
  return performance.now();
}

export class Pace {
  readonly bytesPerSecond: number;
  /** What is asked for in one request. */
  readonly pieceBytes: number;
  readonly #signal: AbortSignal;
  readonly #now: () => number;
  #freeAt = 0;

  /** `now` tells milliseconds that only go on. */
  constructor(bytesPerSecond: number, signal: AbortSignal, now = elapsedMs) {
    this.bytesPerSecond = bytesPerSecond;
    this.#signal = signal;
    this.#now = now;
    const even = Math.floor(bytesPerSecond / piecesPerSecond);
    this.pieceBytes = Math.max(fewestBytes, Math.min(requestBytes, even));
  }

  /** Resolves when so many bytes may go, to each caller in its turn. Rejects with an InterruptedError. */
  async take(bytes: number): Promise<void> {
    if (this.#signal.aborted) throw interruptedBy(this.#signal);
    const now = this.#now();
    const turn = Math.max(this.#freeAt, now - arrearsMs);
    this.#freeAt = turn + (bytes / this.bytesPerSecond) * 1000;
    if (turn <= now) return;
    try {
      await after(turn - now, undefined, { signal: this.#signal });
    } catch {
      throw interruptedBy(this.#signal);
    }
  }

  /** Requests in flight that keep it up: one more than the line holds. */
  depth(roundTripMs: number): number {
    const underWayBytes = (this.bytesPerSecond * (roundTripMs + 1000 / piecesPerSecond)) / 1000;
    return Math.ceil(underWayBytes / this.pieceBytes) + 1;
  }

  /** The same bytes in pieces, each in its time. */
  async *stream(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length; at += this.pieceBytes) {
        const piece = chunk.subarray(at, at + this.pieceBytes);
        await this.take(piece.length);
        yield piece;
      }
    }
  }
}
