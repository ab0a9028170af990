/** An output whose open file stays as it is: written through one of the process's own, or by calls that block. */

import { writev } from 'node:fs';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCode } from '../../errors.ts';

/** Calls back when all of it is written. */
export type Sink = (chunks: readonly Buffer[], done: (error?: Error | null) => void) => void;

/** Room for what comes while a thread writes, so that it writes more in one go. */
const highWaterMark = 256 * 1024;

interface Written {
  readonly chunk: Buffer;
}

/** Opened with the first byte that is written. */
export class OwnOutput extends Writable {
  readonly #open: () => Sink;
  #sink: Sink | undefined;

  constructor(open: () => Sink) {
    super({ highWaterMark });
    this.#open = open;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send([chunk], done);
  }

  override _writev(written: readonly Written[], done: (error?: Error | null) => void): void {
    this.#send(
      written.map(({ chunk }) => chunk),
      done,
    );
  }

  #send(chunks: readonly Buffer[], done: (error?: Error | null) => void): void {
    this.#sink ??= this.#open();
    this.#sink(chunks, done);
  }
}

/** `fd` is nobody else's. */
export function socketSink(fd: number): Sink {
  const socket = new Socket({ fd, readable: false, writable: true });
  // Each write is told of it.
  socket.on('error', () => {});
  return (chunks, done) => {
    socket.cork();
    for (const chunk of chunks.slice(0, -1)) socket.write(chunk);
    socket.write(chunks.at(-1) ?? '', done);
    socket.uncork();
  };
}

/** Whoever shares the file has made it non-blocking, and its reader is slow. */
const againMs = 5;

/** By its callback: not every runtime gives `promisify` the count. */
function writeVector(fd: number, chunks: readonly Buffer[]): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(fd, chunks, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}

/** Writes from a thread, which waits for a slow reader in place of this one. */
export class BlockingWrites {
  readonly #keepsOrder: boolean;
  #last: Promise<unknown> = Promise.resolve();

  /** `keepsOrder`: both outputs lead to one reader, who is to see what was written first first. */
  constructor(keepsOrder: boolean) {
    this.#keepsOrder = keepsOrder;
  }

  sinkOf(fd: number): Sink {
    return (chunks, done) => {
      this.#inTurn(() => this.#writeAll(fd, chunks)).then(
        () => done(),
        (error: Error) => done(error),
      );
    };
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#keepsOrder ? this.#last.then(work) : work();
    if (this.#keepsOrder) this.#last = turn.catch(() => {});
    return turn;
  }

  async #writeAll(fd: number, chunks: readonly Buffer[]): Promise<void> {
    let left = chunks.filter(({ length }) => length > 0);
    while (left.length > 0) left = behind(left, await this.#write(fd, left));
  }

  async #write(fd: number, chunks: readonly Buffer[]): Promise<number> {
    try {
      return await writeVector(fd, chunks);
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error;
    }
    await delay(againMs);
    return 0;
  }
}

/** What is left of them. */
function behind(chunks: readonly Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  return chunks.flatMap((chunk) => {
    const from = Math.min(skip, chunk.length);
    skip -= from;
    return from === chunk.length ? [] : [chunk.subarray(from)];
  });
}
