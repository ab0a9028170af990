/** The pieces of one large file over all channels of a run, whichever of them come and go on the way. */

import type { ChannelPool } from './channel-pool.ts';
import type { DoneRanges } from './done-ranges.ts';
import type { PooledChannel } from './pooled-channel.ts';
import type { Piece } from './run-concurrently.ts';
import { requestBytes } from './sftp-channel.ts';
import type { RemoteHandle } from './sftp-requests.ts';

interface PieceMove {
  readonly pool: ChannelPool;
  readonly ranges: DoneRanges;
  /** The file as this channel sees it; rejects when it is not the one that was begun. */
  open(lane: PooledChannel): Promise<RemoteHandle>;
  /** Moves one piece; `isOver` says that its outcome no longer counts. */
  move(step: PieceStep): Promise<void>;
  /** After each piece. */
  onDone(): void;
}

export interface PieceStep {
  readonly lane: PooledChannel;
  readonly handle: RemoteHandle;
  readonly piece: Piece;
  /** As long as the piece. */
  readonly bytes: Buffer;
  readonly isOver: () => boolean;
}

/**
 * Resolves when all ranges are done. A lost channel gives its pieces back to the others; without others a new
 * connection is made. Rejects with the first failure that no connection could mend, at once.
 */
export function movePieces(move: PieceMove): Promise<void> {
  return new Promise((resolve, reject) => new PieceMover(move, { resolve, reject }).start());
}

interface Settle {
  resolve(): void;
  reject(reason: unknown): void;
}

class PieceMover {
  readonly #move: PieceMove;
  readonly #settle: Settle;
  readonly #todo: Generator<Piece>;
  readonly #returned: Piece[] = [];
  readonly #serving = new Set<PooledChannel>();
  #isOver = false;
  #forget: () => void = () => {};

  constructor(move: PieceMove, settle: Settle) {
    this.#move = move;
    this.#settle = settle;
    this.#todo = move.ranges.missing();
  }

  start(): void {
    if (this.#endsHere()) return;
    this.#forget = this.#move.pool.onLane((lane) => void this.#serve(lane));
    if (this.#serving.size === 0) this.#waitForLane();
  }

  async #serve(lane: PooledChannel): Promise<void> {
    if (this.#isOver || lane.isRetired || this.#serving.has(lane)) return;
    this.#serving.add(lane);
    lane.load += 1;
    try {
      const handle = await this.#move.open(lane);
      const missing = Math.ceil((this.#move.ranges.totalBytes - this.#move.ranges.doneBytes) / requestBytes);
      const workers = Math.min(this.#move.pool.depth, missing);
      // All of them, also when one has failed: what another still holds is not to be had before it gives it back.
      const work = (): Promise<void> => this.#work(lane, handle).catch((error) => this.#judge(lane, error));
      await Promise.all(Array.from({ length: workers }, work));
    } catch (error) {
      this.#judge(lane, error);
    } finally {
      lane.load -= 1;
      this.#serving.delete(lane);
      if (!this.#isOver && !this.#endsHere() && this.#serving.size === 0) this.#waitForLane();
    }
  }

  /** A loss can be mended by another channel or connection, anything else cannot. */
  #judge(lane: PooledChannel, error: unknown): void {
    if (!lane.isLoss(error) || this.#move.pool.over !== undefined) this.#fail(error);
  }

  async #work(lane: PooledChannel, handle: RemoteHandle): Promise<void> {
    let buffer: Buffer | undefined;
    while (!this.#isOver && !lane.isRetired) {
      const piece = this.#take();
      if (piece === undefined) return;
      buffer ??= Buffer.allocUnsafe(Math.min(requestBytes, this.#move.ranges.totalBytes));
      try {
        const bytes = buffer.subarray(0, piece.length);
        await this.#move.move({ lane, handle, piece, bytes, isOver: () => this.#isOver });
      } catch (error) {
        this.#returned.push(piece);
        throw error;
      }
      if (this.#isOver) return;
      this.#move.ranges.add(piece);
      this.#move.pool.moved(piece.length);
      this.#move.onDone();
    }
  }

  #take(): Piece | undefined {
    const returned = this.#returned.pop();
    if (returned !== undefined) return returned;
    const next = this.#todo.next();
    return next.done ? undefined : next.value;
  }

  #waitForLane(): void {
    const { pool } = this.#move;
    pool.lane().then(
      () => {
        // Others may have moved the rest in the meantime.
        if (this.#isOver) return;
        for (const lane of pool.lanes) void this.#serve(lane);
        if (this.#serving.size === 0) this.#waitForLane();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #endsHere(): boolean {
    if (!this.#isOver && this.#move.ranges.isComplete) {
      this.#end();
      this.#settle.resolve();
    }
    return this.#isOver;
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#settle.reject(error);
  }

  #end(): void {
    this.#isOver = true;
    this.#forget();
  }
}
