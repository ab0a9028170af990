/** Keeps channels busy in one direction for a while, and tells how much came through. */

import type { Direction } from '../engine/pool-growth.ts';
import type { PooledChannel } from '../engine/pooled-channel.ts';
import { requestBytes } from '../engine/sftp-channel.ts';
import { strangeAnswer } from '../engine/sftp-error.ts';
import type { RemoteHandle } from '../engine/sftp-requests.ts';

export interface LoadedChannel {
  readonly lane: PooledChannel;
  /** Of the scratch file, to read and to write. */
  readonly handle: RemoteHandle;
}

interface LoadOptions {
  readonly direction: Direction;
  /** Requests that one channel may have in flight. */
  readonly depth: number;
  /** Before what comes through is counted: until then the line fills. */
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Written again and again, so that the file grows no larger than `mostPieces`. */
  readonly payload: Buffer;
  /** Pieces of the scratch file that are there to be read. */
  readonly piecesToRead: number;
}

/** 64 MiB: larger than what a window or a socket holds, and little for the session's disk. */
export const mostPieces = 256;
/** In flight on each channel at first, one more with each answer; a slow line would be full of many for minutes. */
const firstRequests = 4;
/** With fewer answers the beginning is not told from the rest. */
const enoughAnswers = 4;

/** Bytes per second, over all lanes. What is in flight at the end is waited for. */
export async function generateLoad(lanes: readonly LoadedChannel[], options: LoadOptions): Promise<number> {
  const meter = new RateMeter(options);
  const shared = { pieces: 0, isOver: false };
  try {
    await Promise.all(lanes.map((lane) => pumpLane(lane, options, { meter, shared })));
  } finally {
    shared.isOver = true;
  }
  return meter.bytesPerSecond;
}

interface PumpState {
  readonly meter: RateMeter;
  readonly shared: { pieces: number; isOver: boolean };
}

async function pumpLane(pumped: LoadedChannel, options: LoadOptions, state: PumpState): Promise<void> {
  const { meter, shared } = state;
  const workers: Promise<void>[] = [];
  const work = async (): Promise<void> => {
    const move = mover(pumped, options, state);
    while (!shared.isOver && !meter.isOver) {
      meter.add(await move());
      if (workers.length < options.depth) start();
    }
  };
  const start = (): void => {
    const worker = work();
    // It is awaited below, perhaps after it has failed.
    worker.catch(() => {
      shared.isOver = true;
    });
    workers.push(worker);
  };
  for (let count = Math.min(firstRequests, options.depth); count > 0; count -= 1) start();
  // Workers that come meanwhile are awaited too.
  for (const worker of workers) await worker;
}

function mover(
  { lane, handle }: LoadedChannel,
  { direction, payload, piecesToRead }: LoadOptions,
  { shared }: PumpState,
): () => Promise<number> {
  const next = (pieces: number): number => {
    shared.pieces += 1;
    return ((shared.pieces - 1) % pieces) * requestBytes;
  };
  if (direction === 'put') {
    return async () => {
      await lane.requests.write(handle, payload, next(mostPieces));
      return payload.length;
    };
  }
  const into = Buffer.allocUnsafe(requestBytes);
  return async () => {
    const bytes = await lane.requests.read(handle, into, next(piecesToRead));
    if (bytes === 0) throw strangeAnswer('read', handle.path);
    return bytes;
  };
}

/** Counts what is answered between the end of the warm-up and the end of the time. */
class RateMeter {
  readonly #startedAt = performance.now();
  readonly #warmAt: number;
  readonly #endAt: number;
  #warm: { readonly at: number; readonly bytes: number } | undefined;
  #bytes = 0;
  #lastAt = this.#startedAt;
  #inTime: { at: number; bytes: number; answers: number } | undefined;

  constructor({ warmUpMs, durationMs }: LoadOptions) {
    this.#warmAt = this.#startedAt + warmUpMs;
    this.#endAt = this.#warmAt + durationMs;
  }

  get isOver(): boolean {
    return performance.now() >= this.#endAt;
  }

  add(bytes: number): void {
    const now = performance.now();
    this.#bytes += bytes;
    this.#lastAt = now;
    if (now < this.#warmAt) return;
    if (this.#warm === undefined) this.#warm = { at: now, bytes: this.#bytes };
    else if (now <= this.#endAt) {
      this.#inTime = { at: now, bytes: this.#bytes, answers: (this.#inTime?.answers ?? 0) + 1 };
    }
  }

  get bytesPerSecond(): number {
    const [warm, last] = [this.#warm, this.#inTime];
    if (warm !== undefined && last !== undefined && last.answers >= enoughAnswers && last.at > warm.at)
      return ((last.bytes - warm.bytes) * 1000) / (last.at - warm.at);
    const elapsedMs = this.#lastAt - this.#startedAt;
    return elapsedMs > 0 ? (this.#bytes * 1000) / elapsedMs : 0;
  }
}
