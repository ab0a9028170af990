/** Programs of the session that a transfer runs: checksums, tar. None of them is waited for without an end. */

import { isRunaway } from '../../core/program-error.ts';
import { type BaiError, ProtocolError } from '../../errors.ts';
import type { ChannelPool } from './channel-pool.ts';
import { FileQueue } from './file-queue.ts';
import type { PooledChannel } from './pooled-channel.ts';
import type { RemoteProgram, RunResult } from './sftp-connection.ts';

export interface ProgramLimits {
  readonly signal: AbortSignal;
  /** How long one that moves bytes may neither print nor take any; also the file server. */
  readonly stallMs: number;
  /** How long one may be silent that has next to nothing to do. */
  readonly programMs: number;
}

interface RunWish {
  /** Ends it beside that of the whole run. */
  readonly signal?: AbortSignal;
  /** How much the program has to read before it can say something. */
  readonly bytes?: number;
  /** As in `RunOptions`. */
  readonly input?: Promise<string>;
}

/** What came of it; why nothing did, where somebody has waited; nothing where the session runs no programs. */
export type RunOutcome = RunResult | BaiError | undefined;

/** Disks that are slower than this are taken for dead: 5 MiB/s. */
const slowestBytesPerMs = (5 * 1024 * 1024) / 1000;

/** At a time: each is a channel, of which sshd lets one connection have ten, and several processes in the session. */
const mostPrograms = { files: 4, bytes: Number.MAX_SAFE_INTEGER };

export class Programs {
  readonly #queue = new FileQueue(mostPrograms);
  readonly #pool: ChannelPool;
  readonly #limits: ProgramLimits;

  constructor(pool: ChannelPool, limits: ProgramLimits) {
    this.#pool = pool;
    this.#limits = limits;
  }

  /** To its end, and again over another connection when its own was lost. */
  async run(words: readonly string[], wish: RunWish = {}): Promise<RunOutcome> {
    const running = (): Promise<RunOutcome> => this.#pool.retrying((lane) => this.#run(lane, words, wish));
    return await new Promise((resolve, reject) => {
      void this.#queue.add(0, () => running().then(resolve, reject));
    });
  }

  /** As `run`, at once and never repeated. */
  async runOnce(words: readonly string[], wish: RunWish): Promise<RunOutcome> {
    return await this.#run(await this.#pool.lane(), words, wish);
  }

  /** With its streams; nothing where the session runs no programs. */
  async start(words: readonly string[]): Promise<RemoteProgram | undefined> {
    const { connection } = await this.#pool.lane();
    const { signal, stallMs } = this.#limits;
    try {
      return await connection.start?.(words, { signal, stallMs });
    } catch (error) {
      if (error instanceof ProtocolError) return undefined;
      throw error;
    }
  }

  async #run(
    { connection }: PooledChannel,
    words: readonly string[],
    { signal: own, bytes = 0, input }: RunWish,
  ): Promise<RunOutcome> {
    const { signal: common, programMs } = this.#limits;
    const signal = own ? AbortSignal.any([common, own]) : common;
    const stallMs = programMs + bytes / slowestBytesPerMs;
    try {
      return await connection.run?.(words, { signal, stallMs, ...(input && { input }) });
    } catch (error) {
      // That tells nothing about the connection.
      if (isRunaway(error)) return error;
      if (error instanceof ProtocolError) return undefined;
      throw error;
    }
  }
}
