/** One SFTP channel whose requests always settle: with the answer, a lost connection, Ctrl-C or too long a silence. */

import type { SFTPWrapper } from 'ssh2';
import { strangePacket } from '../../core/sftp/sftp-strangeness.ts';
import { type Countdown, countDown } from '../../core/time-limit.ts';
import { BaiError, interruptedBy, ProtocolError, TimeoutError } from '../../errors.ts';
import { extensionsOf, limitReads } from '../../ssh/ssh2-internals.ts';
import { Latch } from './latch.ts';
import type { SftpConnection } from './sftp-connection.ts';
import { lostError, sftpError, sftpStatus, strangeAnswer } from './sftp-error.ts';

/**
 * The most bytes in one read or write. ssh2 splits anything larger into two requests one after the other,
 * and drops the connection when an answer is larger than 256 KiB.
 */
export const requestBytes = 261_120;

const shownAnewMs = 200;

export interface SftpCall<T> {
  /** As in "cannot write PATH". */
  readonly action: string;
  readonly path: string;
  send(sftp: SFTPWrapper, done: (error: unknown, answer?: unknown) => void): void;
  /** Nothing when the answer is of another kind than the request asks for. */
  read(answer: unknown): T | undefined;
}

export interface SftpChannelOptions {
  readonly signal: AbortSignal;
  /** How long a server may leave every request unanswered. */
  readonly stallMs: number;
  /** Shows somebody that an answer is waited for, once that has taken a moment, until it is disposed of. */
  readonly waiting?: ((limitMs: number) => Disposable) | undefined;
}

type ChannelParts = Pick<SftpConnection, 'sftp' | 'lost' | 'givenAhead'>;

export class SftpChannel {
  readonly #sftp: SFTPWrapper;
  readonly #givenAhead: () => number;
  readonly #options: SftpChannelOptions;
  /** Closed when no answer can come any more; `#interrupted` when nobody wants one. */
  readonly #lost = new Latch();
  readonly #interrupted = new Latch();
  #hasEnded = false;
  #quickestMs = Number.POSITIVE_INFINITY;
  #waiting = 0;
  #patience: Countdown | undefined;
  #shown: Disposable | undefined;
  #shownAt = 0;

  constructor(connection: ChannelParts, options: SftpChannelOptions) {
    this.#sftp = connection.sftp;
    this.#givenAhead = connection.givenAhead ?? (() => 0);
    this.#options = options;
    // ssh2 believes a server that offers reads of megabytes, and then refuses their answers.
    limitReads(connection.sftp, requestBytes);
    // It may tell its limits later than it lets itself be asked.
    connection.sftp.on('ready', () => limitReads(connection.sftp, requestBytes));
    this.#watchEnd(connection);
    const interrupt = (): void => this.#interrupted.close(interruptedBy(options.signal));
    if (options.signal.aborted) interrupt();
    else options.signal.addEventListener('abort', interrupt, { once: true });
    // A run may have many channels under one signal.
    this.onLost(() => options.signal.removeEventListener('abort', interrupt));
  }

  /** Why no further request can succeed, or nothing. */
  get over(): BaiError | undefined {
    return this.#lost.reason ?? this.#interrupted.reason;
  }

  /** Why no answer can come any more, or nothing. */
  get lost(): BaiError | undefined {
    return this.#lost.reason;
  }

  /** Calls back once when the channel is lost. */
  onLost(listener: (reason: BaiError) => void): void {
    this.#lost.watch(listener);
  }

  /** The shortest time an answer took: the round trip, near enough; infinite before the first answer. */
  get quickestMs(): number {
    return this.#quickestMs;
  }

  /** Whether the server announced an extension of SFTP 3. */
  offers(extension: string): boolean {
    return Object.hasOwn(extensionsOf(this.#sftp), extension);
  }

  /** Rejects with a BaiError only. */
  call<T>(call: SftpCall<T>): Promise<T> {
    return this.#call(call, [this.#lost, this.#interrupted]);
  }

  /** As `call`, but still sent after Ctrl-C: for taking back what was begun. */
  callForCleanup<T>(call: SftpCall<T>): Promise<T> {
    return this.#call(call, [this.#lost]);
  }

  async #call<T>(call: SftpCall<T>, latches: readonly Latch[]): Promise<T> {
    this.#startWaiting();
    const release: (() => void)[] = [];
    const startedAt = performance.now();
    const givenBefore = this.#givenAhead();
    let isAhead = false;
    try {
      const answer = await new Promise<unknown>((resolve, reject) => {
        for (const latch of latches) release.push(latch.watch(reject));
        if (latches.some((latch) => latch.reason !== undefined)) return;
        call.send(this.#sftp, (error, value) => (error ? this.#refuse(error, call, reject) : resolve(value)));
        isAhead = this.#givenAhead() > givenBefore;
      });
      if (!isAhead) this.#quickestMs = Math.min(this.#quickestMs, performance.now() - startedAt);
      const value = call.read(answer);
      if (value === undefined) throw strangeAnswer(call.action, call.path);
      return value;
    } finally {
      for (const forget of release) forget();
      this.#stopWaiting();
    }
  }

  /** ssh2 fails requests without a status when the channel ends or the answer makes no sense. */
  #refuse(error: unknown, call: SftpCall<unknown>, reject: (reason: unknown) => void): void {
    if (sftpStatus(error) !== undefined) {
      reject(sftpError(error, call.action, call.path));
      return;
    }
    setImmediate(() => {
      reject(
        this.#lost.reason ?? (this.#hasEnded ? lostError(error) : strangeAnswer(call.action, call.path)),
      );
    });
  }

  #watchEnd(connection: ChannelParts): void {
    connection.lost.catch((error: unknown) => {
      this.#lost.close(error instanceof BaiError ? error : lostError(error));
    });
    // The connection's own reason comes in the same turn and says more than what the channel shows.
    const end = (): void => {
      this.#hasEnded = true;
      setImmediate(() => this.#lost.close(lostError()));
    };
    connection.sftp.on('end', end);
    connection.sftp.on('close', end);
    connection.sftp.on('error', (cause: unknown) => {
      const sent = cause instanceof Error ? strangePacket(cause) : undefined;
      const what = sent === undefined ? '' : `: it sent ${sent}`;
      const reason = new ProtocolError(
        `the file server in the session does not follow the SFTP protocol${what}`,
        {
          cause,
        },
      );
      setImmediate(() => this.#lost.close(reason));
    });
  }

  /** What waits for a timer keeps the process alive: with nothing else to do it would end, with status 0. */
  #startWaiting(): void {
    this.#waiting += 1;
    if (this.#shown === undefined) this.#showAnew();
    const { stallMs } = this.#options;
    this.#patience ??= countDown(stallMs, () => this.#lost.close(stalledError(stallMs)));
  }

  /** Not after each of thousands of answers: nobody sees the difference. */
  #showAnew(): void {
    const now = performance.now();
    if (this.#shown !== undefined && now - this.#shownAt < shownAnewMs) return;
    this.#shown?.[Symbol.dispose]();
    this.#shown = this.#options.waiting?.(this.#options.stallMs);
    this.#shownAt = now;
  }

  #stopWaiting(): void {
    this.#waiting -= 1;
    if (this.#waiting > 0) {
      this.#patience?.restart();
      this.#showAnew();
    } else {
      this.#shown?.[Symbol.dispose]();
      this.#shown = undefined;
      this.#patience?.[Symbol.dispose]();
      this.#patience = undefined;
    }
  }
}

function stalledError(ms: number): TimeoutError {
  return new TimeoutError(`the session's file server did not answer for ${Math.round(ms / 1000)} seconds`, {
    code: 'stalled',
    hint: 'run the same command again',
  });
}
