/** A program of the session over an exec channel, its input and output as streams that lose nothing. */

import { Readable, Writable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { sanitizeText } from '../core/sanitize.ts';
import { shellQuote } from '../core/shell-quote.ts';
import { type BaiError, InterruptedError, ProtocolError, TimeoutError, UnreachableError } from '../errors.ts';
import type { ProgramEnd, ProgramOptions, RemoteProgram } from '../transfer/sftp-connection.ts';
import type { Brake } from './brake.ts';
import { closeChannel, widenWindow } from './window.ts';

/** SSH knows no argument lists: the far side's login shell takes the line apart again, so every word is quoted. */
export function remoteCommandLine(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

/** What waits here for its reader; beyond it the connection is stopped. */
const waitingBytes = 4 * 1024 * 1024;
const mostErrorBytes = 16 * 1024;

/** The sessions' dropbear now and then closes a new channel without an answer, when another program ends. */
const mostTries = 3;

interface Connection {
  readonly client: Client;
  readonly brake: Brake;
}

/** Rejects, and ends its streams, with BaiErrors only. */
export async function startProgram(
  connection: Connection,
  words: readonly string[],
  options: ProgramOptions,
): Promise<RemoteProgram> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(connection, remoteCommandLine(words), options);
    } catch (error) {
      if (!(error instanceof ProtocolError) || attempt === mostTries) throw error;
    }
  }
}

function start(
  { client, brake }: Connection,
  commandLine: string,
  options: ProgramOptions,
): Promise<RemoteProgram> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new InterruptedError());
    const interrupt = (): void => settle(() => reject(new InterruptedError()));
    const closed = (): void => settle(() => reject(lostError()));
    const settle = (how: () => void): void => {
      signal.removeEventListener('abort', interrupt);
      client.removeListener('close', closed);
      how();
    };
    signal.addEventListener('abort', interrupt, { once: true });
    client.once('close', closed);
    const refused = (cause: unknown): void =>
      settle(() => reject(new ProtocolError('the session runs no programs over this connection', { cause })));
    try {
      client.exec(commandLine, (error, channel) => {
        if (error) return refused(error);
        if (signal.aborted) return closeChannel(channel);
        widenWindow(channel);
        // In this very turn: a short program has ended in the packets that follow.
        const program = new Program({ client, brake, channel, options });
        settle(() => resolve(program));
      });
    } catch {
      // ssh2 throws at once when the connection has gone already.
      closed();
    }
  });
}

interface Parts {
  readonly client: Client;
  readonly brake: Brake;
  readonly channel: ClientChannel;
  readonly options: ProgramOptions;
}

class Program implements RemoteProgram {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly ended: Promise<ProgramEnd>;
  readonly #parts: Parts;
  readonly #errors: Buffer[] = [];
  #errorBytes = 0;
  #status: number | undefined;
  #hasExited = false;
  #isOver = false;
  #isHeld = false;
  /** Its output has ended; how the program ends is still to come. */
  #hasPrinted = false;
  #stallTimer: NodeJS.Timeout | undefined;
  #settle: (how: BaiError | ProgramEnd) => void = () => {};

  constructor(parts: Parts) {
    this.#parts = parts;
    this.stdin = this.#createStdin(parts.channel);
    this.stdout = this.#createStdout(parts);
    this.ended = new Promise((resolve, reject) => {
      this.#settle = (how) => (how instanceof Error ? reject(how) : resolve(how));
    });
    this.ended.catch(() => {});
    this.#watch(parts);
    this.#progress();
  }

  [Symbol.dispose](): void {
    this.#fail(new InterruptedError());
  }

  #createStdin(channel: ClientChannel): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        channel.write(chunk, (error?: Error | null) => {
          this.#progress();
          done(error);
        });
      },
      final: (done) => {
        channel.end();
        done();
      },
    }).on('error', () => {});
  }

  #createStdout({ channel, brake }: Parts): Readable {
    const stdout = new Readable({
      highWaterMark: waitingBytes,
      read: () => {
        this.#isHeld = false;
        brake.release(this);
        this.#progress();
      },
      destroy: (error, done) => {
        // What nobody reads is thrown away, so that the connection goes on.
        this.#isHeld = false;
        brake.release(this);
        if (!this.#hasPrinted) closeChannel(channel);
        done(error);
      },
    });
    return stdout.on('error', () => {});
  }

  #watch({ client, channel, brake, options }: Parts): void {
    // A listener keeps the channel flowing, so ssh2 always opens its window again.
    channel.on('data', (chunk: Buffer) => {
      this.#progress();
      if (this.stdout.destroyed || this.stdout.push(chunk)) return;
      this.#isHeld = true;
      clearTimeout(this.#stallTimer);
      brake.hold(this);
    });
    channel.on('end', () => this.#endOutput());
    channel.stderr.on('data', (chunk: Buffer) => {
      this.#progress();
      if (this.#errorBytes < mostErrorBytes)
        this.#errors.push(chunk.subarray(0, mostErrorBytes - this.#errorBytes));
      this.#errorBytes += chunk.length;
    });
    channel.on('exit', (code: unknown) => {
      this.#hasExited = true;
      this.#status = typeof code === 'number' ? code : undefined;
    });
    channel.on('error', (cause: Error) => this.#fail(lostError(cause)));
    const closed = (): void => this.#fail(lostError());
    const interrupt = (): void => this.#fail(new InterruptedError());
    // The channels of a lost connection are closed first; then it says so itself.
    channel.on('close', () => (this.#hasExited ? this.#end() : setImmediate(() => this.#end())));
    client.once('close', closed);
    options.signal.addEventListener('abort', interrupt, { once: true });
    const forget = (): void => {
      client.removeListener('close', closed);
      options.signal.removeEventListener('abort', interrupt);
    };
    this.ended.then(forget, forget);
  }

  #progress(): void {
    const { stallMs } = this.#parts.options;
    clearTimeout(this.#stallTimer);
    if (stallMs === undefined || this.#isOver || this.#isHeld) return;
    this.#stallTimer = setTimeout(() => {
      const seconds = Math.round(stallMs / 1000);
      this.#fail(
        new TimeoutError(`a program of the session was silent for ${seconds} seconds`, {
          code: 'stalled',
          hint: 'run the same command again',
        }),
      );
    }, stallMs);
  }

  #endOutput(): void {
    if (this.#hasPrinted) return;
    this.#hasPrinted = true;
    if (!this.stdout.destroyed) this.stdout.push(null);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#stallTimer);
    this.#endOutput();
    this.stdin.destroy();
    const stderr = sanitizeText(Buffer.concat(this.#errors).toString('utf8'));
    this.#settle({ status: this.#status, stderr });
  }

  #fail(reason: BaiError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#stallTimer);
    closeChannel(this.#parts.channel);
    this.stdin.destroy(reason);
    this.stdout.destroy(reason);
    this.#settle(reason);
  }
}

export function lostError(cause?: unknown): UnreachableError {
  return new UnreachableError('the connection to the session was lost', { code: 'connection-lost', cause });
}
