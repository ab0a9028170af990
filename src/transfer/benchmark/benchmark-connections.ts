/** Connections to one session that are kept busy together, with channels and depths as a transfer has them. */

import type { LinkRates } from '../../core/ssh/link-tuning.ts';
import { channelCount, channelDepth, type Direction, sharedDepth } from '../engine/pool-growth.ts';
import { PooledChannel } from '../engine/pooled-channel.ts';
import { requestBytes } from '../engine/sftp-channel.ts';
import type { SftpConnection } from '../engine/sftp-connection.ts';
import { OpenFlag } from '../engine/sftp-requests.ts';
import { generateLoad, type LoadedChannel, mostPieces } from './load-generator.ts';

interface BenchmarkConnectionsOptions {
  /** The scratch file, which is there. */
  readonly path: string;
  readonly payload: Buffer;
  readonly roundTripMs: number;
  readonly durationMs: number;
  readonly signal: AbortSignal;
  readonly stallMs: number;
}

/** The sessions' dropbear lets 5 that are not logged in yet come from one address. */
const handshakesAtOnce = 4;
const warmUpShare = 0.25;
/** After as many the requests in flight have become as many as they may, and TCP has opened up. */
const warmUpRoundTrips = 5;

interface BusyConnection {
  readonly connection: SftpConnection;
  readonly lanes: readonly LoadedChannel[];
}

/** Disposal closes its connections. */
export class BenchmarkConnections implements AsyncDisposable {
  readonly #dial: () => Promise<SftpConnection>;
  readonly #options: BenchmarkConnectionsOptions;
  readonly #busy: BusyConnection[] = [];

  constructor(dial: () => Promise<SftpConnection>, options: BenchmarkConnectionsOptions) {
    this.#dial = dial;
    this.#options = options;
  }

  /** What the first connection is encrypted with. */
  get cipher(): string | undefined {
    return this.#busy[0]?.connection.cipher;
  }

  /** Makes so many connections of it, some at the same time. Rejects with a BaiError. */
  async grow(count: number): Promise<void> {
    while (this.#busy.length < count) {
      const missing = Math.min(count - this.#busy.length, handshakesAtOnce);
      const added = Array.from({ length: missing }, () => this.#add());
      // One that stands must not be forgotten because another one fails.
      for (const outcome of await Promise.allSettled(added))
        if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  /** Up, then down, over the first so many of its connections. Rejects with a BaiError. */
  async measure(count = this.#busy.length): Promise<LinkRates> {
    const busy = this.#busy.slice(0, count);
    const up = await this.#pump('put', busy);
    const down = await this.#pump('get', busy);
    return { up, down };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#busy.map(({ connection }) => connection[Symbol.asyncDispose]()));
  }

  async #add(): Promise<void> {
    const connection = await this.#dial();
    try {
      const first = await this.#openLane(connection, connection.sftp);
      const lanes = [first, ...(await this.#openMore(connection))];
      this.#busy.push({ connection, lanes });
    } catch (error) {
      await connection[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #openMore(connection: SftpConnection): Promise<LoadedChannel[]> {
    const { openChannel } = connection;
    if (openChannel === undefined) return [];
    const open = async (): Promise<LoadedChannel> => this.#openLane(connection, await openChannel());
    return await Promise.all(Array.from({ length: channelCount(this.#options.roundTripMs) - 1 }, open));
  }

  async #openLane(connection: SftpConnection, sftp: SftpConnection['sftp']): Promise<LoadedChannel> {
    const lane = new PooledChannel(connection, sftp, this.#options);
    return { lane, handle: await lane.requests.open(this.#options.path, OpenFlag.read | OpenFlag.write) };
  }

  /** What comes down fills the line over one channel of a connection. */
  async #pump(direction: Direction, busy: readonly BusyConnection[]): Promise<number> {
    const { roundTripMs, durationMs, payload } = this.#options;
    const depth = sharedDepth(channelDepth(roundTripMs, direction), busy.length);
    const lanes = busy.flatMap((each) => (direction === 'get' ? each.lanes.slice(0, 1) : each.lanes));
    const piecesToRead = direction === 'get' ? await this.#countPieces(lanes) : 0;
    const warmUpMs = durationMs * warmUpShare + roundTripMs * warmUpRoundTrips;
    return await generateLoad(lanes, { direction, depth, warmUpMs, durationMs, payload, piecesToRead });
  }

  async #countPieces([first]: readonly LoadedChannel[]): Promise<number> {
    if (first === undefined) return 1;
    const { size = 0 } = await first.lane.requests.attributes(first.handle);
    return Math.max(1, Math.min(mostPieces, Math.floor(size / requestBytes)));
  }
}
