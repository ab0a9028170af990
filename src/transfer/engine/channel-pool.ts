/** The SFTP channels of one run: more of them while that makes it faster, new ones when the connection is lost. */

import { setMaxListeners } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { joinRemote } from '../../core/sftp/remote-path.ts';
import type { TransferProblem } from '../../core/sftp/transfer-plan.ts';
import { startStopwatch } from '../../core/time-limit.ts';
import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import { BaiError, interruptedBy } from '../../errors.ts';
import { FewerAtOnce } from './fewer-at-once.ts';
import { freeDescriptors } from './free-descriptors.ts';
import { Pace } from './pace.ts';
import {
  channelCount,
  channelDepth,
  type Direction,
  isLongLink,
  PoolGrowth,
  sharedDepth,
} from './pool-growth.ts';
import { isLoss, PooledChannel } from './pooled-channel.ts';
import { type ProgramLimits, Programs } from './programs.ts';
import { requestBytes, type SftpChannelOptions } from './sftp-channel.ts';
import type { SftpConnection } from './sftp-connection.ts';
import { lostError } from './sftp-error.ts';
import { buildRequests, type SftpRequests } from './sftp-requests.ts';

interface ChannelPoolOptions extends ProgramLimits, SftpChannelOptions {
  /** One more connection to the same session; without it a lost connection is the end. */
  readonly dial?: (() => Promise<SftpConnection>) | undefined;
  /** How many connections a measurement found to be good for this session. */
  readonly hint?: number | undefined;
}

const mostTries = 10;
const firstPauseMs = 250;
const longestPauseMs = 15_000;

export class ChannelPool implements AsyncDisposable {
  /** Repeats a request by path on a new connection; for requests that change nothing, or nothing twice. */
  readonly requests: SftpRequests;
  readonly programs: Programs;
  /** For all that opens files, here or in the session. */
  readonly fewer: FewerAtOnce;
  direction: Direction = 'put';
  /** Told of every attempt to connect again. */
  onRetry: (problem: TransferProblem) => void = () => {};
  /** Told of what went another way than it should, without harm. */
  onTrouble: (problem: TransferProblem) => void = () => {};
  /** What the content of files keeps to, if there is a limit. */
  pace: Pace | undefined;
  readonly #options: ChannelPoolOptions;
  readonly #lanes: PooledChannel[] = [];
  readonly #connections = new Set<SftpConnection>();
  readonly #listeners = new Set<(lane: PooledChannel) => void>();
  readonly #growth: PoolGrowth;
  readonly #left = new Set<string>();
  readonly #sinceProgress = startStopwatch();
  #over: BaiError | undefined;
  #lastLoss: BaiError | undefined;
  #connecting: Promise<void> | undefined;
  #growing: Promise<void> | undefined;
  #guessedMs = Number.POSITIVE_INFINITY;
  #tries = 0;
  #pendingBytes = 0;
  #movedBytes = 0;
  #isClosed = false;
  #home: Promise<string> | undefined;

  constructor(connection: SftpConnection, options: ChannelPoolOptions) {
    this.#options = options;
    this.#growth = new PoolGrowth(options.hint);
    // Every channel listens to it, and more than ten are no leak.
    setMaxListeners(0, options.signal);
    this.fewer = new FewerAtOnce(options.signal, freeDescriptors());
    this.programs = new Programs(this, options);
    const first = this.#adopt(connection);
    this.requests = buildRequests(
      { offers: (extension) => (this.#lanes[0] ?? first).channel.offers(extension) },
      (call) => this.retrying((lane) => lane.channel.call(call)),
    );
  }

  /** Why nothing further can succeed: Ctrl-C, or a loss that nothing could mend. */
  get over(): BaiError | undefined {
    if (this.#over !== undefined) return this.#over;
    const { signal, dial } = this.#options;
    if (signal.aborted) return interruptedBy(signal);
    return this.#lanes.length === 0 && dial === undefined ? (this.#lastLoss ?? lostError()) : undefined;
  }

  get lanes(): readonly PooledChannel[] {
    return this.#lanes;
  }

  get roundTripMs(): number {
    const measured = Math.min(...this.#lanes.map((lane) => lane.channel.quickestMs));
    return Number.isFinite(measured) ? measured : this.#guessedMs;
  }

  /** Requests that one file may have in flight on one channel. */
  get depth(): number {
    const depth = sharedDepth(channelDepth(this.roundTripMs, this.direction), this.#connections.size);
    return Math.min(depth, this.pace?.depth(this.roundTripMs) ?? depth);
  }

  /** What is asked for in one request. */
  get pieceBytes(): number {
    return this.pace?.pieceBytes ?? requestBytes;
  }

  /** From now on; a limit that stays the same goes on where it is. */
  keepTo(bytesPerSecond: number | undefined): void {
    if (this.pace?.bytesPerSecond === bytesPerSecond) return;
    this.pace = bytesPerSecond === undefined ? undefined : new Pace(bytesPerSecond, this.#options.signal);
  }

  /** Nothing is going to be moved. */
  stayAsItIs(): void {
    this.#growth.settle();
  }

  /** The live channel with the least to do; connects again when there is none. Rejects with a BaiError. */
  async lane(): Promise<PooledChannel> {
    for (;;) {
      if (this.over !== undefined) throw this.over;
      const [first, ...others] = this.#lanes.filter((lane) => !lane.isRetired);
      if (first !== undefined)
        return others.reduce((best, each) => (each.load < best.load ? each : best), first);
      this.#connecting ??= this.#connectAgain().finally(() => {
        this.#connecting = undefined;
      });
      await this.#connecting;
    }
  }

  /** Runs the work, and again from its start on another channel when its own was lost. */
  async retrying<T>(work: (lane: PooledChannel) => Promise<T>): Promise<T> {
    for (;;) {
      const lane = await this.lane();
      lane.load += 1;
      try {
        return await work(lane);
      } catch (error) {
        if (this.over !== undefined || !lane.isLoss(error)) throw error;
      } finally {
        lane.load -= 1;
      }
    }
  }

  /** Calls back for each channel there is and each that comes; the returned function ends that. */
  onLane(listener: (lane: PooledChannel) => void): () => void {
    this.#listeners.add(listener);
    for (const lane of [...this.#lanes]) listener(lane);
    return () => this.#listeners.delete(listener);
  }

  /** So many bytes more are to be moved; negative when a file was given up. */
  expect(bytes: number): void {
    this.#pendingBytes += bytes;
    this.#considerGrowth();
  }

  moved(bytes: number): void {
    this.#pendingBytes -= bytes;
    this.#movedBytes += bytes;
    this.#tries = 0;
    this.#sinceProgress.restart();
    this.#considerGrowth();
  }

  /** Something of what was begun could not be taken away. */
  left(path: string): void {
    this.#left.add(path);
  }

  /** What is there of that, or may be where nobody can be asked any more. */
  async leftovers(): Promise<readonly string[]> {
    const paths = [...this.#left];
    this.#left.clear();
    const [lane] = this.over === undefined ? this.#lanes : [];
    if (lane === undefined) return paths;
    // A later attempt may have gone on with it.
    const there = await Promise.all(paths.map((path) => mayBeThere(lane, path)));
    return paths.filter((_, index) => there[index]);
  }

  /** The same path for a program, which starts elsewhere than the file server may. */
  async absolute(path: string): Promise<string> {
    if (path.startsWith('/')) return path;
    this.#home ??= this.requests.realpath('.').catch((error: unknown) => {
      this.#home = undefined;
      throw error;
    });
    return joinRemote(await this.#home, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#sinceProgress[Symbol.dispose]();
    this.#growth.settle();
    await Promise.all([...this.#connections].map((connection) => connection[Symbol.asyncDispose]()));
  }

  #adopt(connection: SftpConnection): PooledChannel {
    this.#connections.add(connection);
    this.#guessedMs = connection.roundTripMs ?? this.#guessedMs;
    return this.#addLane(connection, connection.sftp);
  }

  #addLane(connection: SftpConnection, sftp: SftpConnection['sftp']): PooledChannel {
    const lane = new PooledChannel(connection, sftp, {
      ...this.#options,
      onLeft: (path) => this.left(path),
      pace: () => this.pace,
    });
    this.#lanes.push(lane);
    lane.channel.onLost((reason) => this.#drop(lane, reason));
    for (const listener of [...this.#listeners]) listener(lane);
    return lane;
  }

  #drop(lane: PooledChannel, reason: BaiError): void {
    const index = this.#lanes.indexOf(lane);
    if (index >= 0) this.#lanes.splice(index, 1);
    this.#lastLoss = reason;
    if (!isLoss(reason) && this.#lanes.length === 0) this.#over ??= reason;
    for (const left of this.#lanes) left.isRetired = false;
    if (this.#lanes.some((each) => each.connection === lane.connection)) return;
    this.#connections.delete(lane.connection);
    if (this.#connections.size === 0) this.#growth.restart();
    // It is of no use any more; how its closing ends says nothing new.
    void Promise.resolve(lane.connection[Symbol.asyncDispose]()).catch(() => {});
  }

  async #connectAgain(): Promise<void> {
    const { dial, signal } = this.#options;
    for (;;) {
      const reason = this.#lastLoss ?? lostError();
      // One try there is in any case: a line may have stood still for long before it was known to be lost.
      const isTooLate = this.#tries > 0 && this.#sinceProgress.elapsedMs > patienceOf(this.#options);
      const isHopeless = this.#tries >= mostTries || isTooLate;
      if (dial === undefined || isHopeless || this.#isClosed) {
        this.#over ??= reason;
        throw this.#over;
      }
      this.#tries += 1;
      this.onRetry({ path: 'connection', reason: reason.message, code: reason.code });
      await this.#pause();
      try {
        this.#adopt(await dial());
        return;
      } catch (error) {
        if (signal.aborted) throw interruptedBy(signal);
        if (!isLoss(error)) throw error;
        this.#lastLoss = error as BaiError;
      }
    }
  }

  /** Grows with every try in vain, and is never the same for two clients that were cut off together. */
  async #pause(): Promise<void> {
    const { signal } = this.#options;
    const ms = this.#tries === 1 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (this.#tries - 2));
    try {
      await after(ms * (0.75 + Math.random() / 2), undefined, { signal });
    } catch {
      throw interruptedBy(signal);
    }
  }

  #considerGrowth(): void {
    if (this.#growing !== undefined || this.#isClosed || this.over !== undefined) return;
    const step = this.#growth.next({
      direction: this.direction,
      roundTripMs: this.roundTripMs,
      connections: this.#connections.size,
      pendingBytes: this.#pendingBytes,
      movedBytes: this.#movedBytes,
      now: performance.now(),
    });
    if (step === 'nothing') return;
    if (step === 'retire') {
      this.#retireLast();
      return;
    }
    if (step === 'channels') {
      // Any of them that could not be had costs speed, never the transfer.
      this.#addChannelsToFirst().catch(() => {});
      this.#considerGrowth();
      return;
    }
    this.#growing = this.#addConnection()
      // One that could not be had costs speed, never the transfer.
      .catch(() => this.#growth.settle())
      .finally(() => {
        this.#growing = undefined;
        this.#growth.finished();
      });
  }

  async #addChannelsToFirst(): Promise<void> {
    const [first] = this.#connections;
    if (first !== undefined) await this.#addChannels(first);
  }

  async #addConnection(): Promise<void> {
    const { dial } = this.#options;
    if (dial === undefined) return this.#growth.settle();
    const connection = await dial();
    if (this.#isClosed) return await connection[Symbol.asyncDispose]();
    this.#adopt(connection);
    if (this.direction === 'put' && isLongLink(this.roundTripMs)) await this.#addChannels(connection);
  }

  async #addChannels(connection: SftpConnection): Promise<void> {
    const open = connection.openChannel;
    if (open === undefined) return;
    const wanted = channelCount(this.roundTripMs) - 1;
    const add = async (): Promise<void> => {
      const sftp = await open();
      if (!this.#isClosed && this.#connections.has(connection)) this.#addLane(connection, sftp);
    };
    await Promise.all(Array.from({ length: wanted }, add));
  }

  #retireLast(): void {
    const last = [...this.#connections].at(-1);
    if (this.#connections.size < 2) return;
    for (const lane of this.#lanes) if (lane.connection === last) lane.isRetired = true;
  }
}

/** For connecting again, without a byte in between: two minutes where a program has one. */
function patienceOf({ programMs }: ChannelPoolOptions): number {
  return 2 * programMs;
}

async function mayBeThere({ cleanup }: PooledChannel, path: string): Promise<boolean> {
  try {
    return (await undefinedIfMissing(cleanup.lstat(path))) !== undefined;
  } catch (error) {
    if (error instanceof BaiError) return true;
    throw error;
  }
}
