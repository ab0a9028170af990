/** A program of the session over an exec channel, its input and output as streams that lose nothing. */

import { Readable, Writable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { endlessProgram, silentProgram } from '../core/program-error.ts';
import { usualBytes } from '../core/ssh/command-limit.ts';
import { sanitizeText } from '../core/text/sanitize.ts';
import { shellQuote } from '../core/text/shell-quote.ts';
import { type Countdown, countDown } from '../core/time-limit.ts';
import { BaiError, InterruptedError, interruptedBy, ProtocolError, UnreachableError } from '../errors.ts';
import type { ProgramEnd, ProgramOptions, RemoteProgram } from '../transfer/engine/sftp-connection.ts';
import { type Asked, ask, noAnswer, type SshQuestion } from './ask.ts';
import type { SshConnection } from './connection.ts';
import { closeChannel, type FlowControl, widenWindow } from './flow-control.ts';

/** SSH knows no argument lists: the far side's login shell takes the line apart again, so every word is quoted. */
export function remoteCommandLine(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

/** What waits here for its reader; beyond it the connection is stopped. */
const waitingBytes = 4 * 1024 * 1024;
const mostErrorBytes = 16 * 1024;
/** tar has a line for each of a thousand files that it cannot read, with paths of 4 KiB. */
const longestComplaint = 16 * 1024 * 1024;

/**
 * The sessions' dropbear now and then closes a new channel without an answer, when another program ends. Nobody knows then whether
 * the program has run, so what is started here bears to run twice; `test/unit/repeated-programs.test.ts` says why each does.
 */
const mostTries = 3;

type Connection = Pick<SshConnection, 'client' | 'flow' | 'place'> & Asked;

/** Rejects, and ends its streams, with BaiErrors only. */
export async function startProgram(
  connection: Connection,
  words: readonly string[],
  options: ProgramOptions,
): Promise<RemoteProgram> {
  const commandLine = remoteCommandLine(words);
  // Over a longer one dropbear ends the connection, and with it all that goes on beside.
  if (Buffer.byteLength(commandLine) > usualBytes) {
    throw new ProtocolError('the command is longer than an SSH server has to accept');
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(connection, commandLine, options);
    } catch (error) {
      if (!(error instanceof ProtocolError) || attempt === mostTries) throw error;
    }
  }
}

async function start(
  connection: Connection,
  commandLine: string,
  options: ProgramOptions,
): Promise<RemoteProgram> {
  const { client, flow, place } = connection;
  const question: SshQuestion<Program> = {
    send(done) {
      try {
        client.exec(commandLine, (error, channel) => {
          if (error) return done(error);
          widenWindow(channel);
          // In this very turn: a short program has ended in the packets that follow.
          done(undefined, new Program({ client, flow, channel, options }));
        });
      } catch (error) {
        // ssh2 throws at once when the connection has gone already.
        done(lostError(error));
      }
    },
    late: (seconds) => noAnswer(`${place} did not start a program`, seconds),
    drop: (program) => program[Symbol.dispose](),
  };
  try {
    return await ask(question, { ...connection, signal: options.signal });
  } catch (error) {
    if (error instanceof BaiError) throw error;
    throw new ProtocolError('the session runs no programs over this connection', { cause: error });
  }
}

interface Parts {
  readonly client: Client;
  readonly flow: FlowControl;
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
  #patience: Countdown | undefined;
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

  #createStdout({ channel, flow }: Parts): Readable {
    const stdout = new Readable({
      highWaterMark: waitingBytes,
      read: () => {
        this.#isHeld = false;
        flow.release(this);
        this.#progress();
      },
      destroy: (error, done) => {
        // What nobody reads is thrown away, so that the connection goes on.
        this.#isHeld = false;
        flow.release(this);
        if (!this.#hasPrinted) closeChannel(channel);
        done(error);
      },
    });
    return stdout.on('error', () => {});
  }

  #watch({ client, channel, flow, options }: Parts): void {
    // A listener keeps the channel flowing, so ssh2 always opens its window again.
    channel.on('data', (chunk: Buffer) => {
      this.#progress();
      if (this.stdout.destroyed || this.stdout.push(chunk)) return;
      this.#isHeld = true;
      this.#stopCounting();
      flow.hold(this);
    });
    channel.on('end', () => this.#endOutput());
    channel.stderr.on('data', (chunk: Buffer) => {
      this.#progress();
      if (this.#errorBytes < mostErrorBytes)
        this.#errors.push(chunk.subarray(0, mostErrorBytes - this.#errorBytes));
      this.#errorBytes += chunk.length;
      if (this.#errorBytes > longestComplaint) this.#fail(endlessProgram());
    });
    channel.on('exit', (code: unknown) => {
      this.#hasExited = true;
      this.#status = typeof code === 'number' ? code : undefined;
    });
    channel.on('error', (cause: Error) => this.#fail(lostError(cause)));
    const closed = (): void => this.#fail(lostError());
    const interrupt = (): void => this.#fail(interruptedBy(options.signal));
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

  /** While its reader takes nothing more it is the reader who is waited for. */
  #progress(): void {
    const { stallMs } = this.#parts.options;
    const isCounted = stallMs !== undefined && !this.#isOver && !this.#isHeld;
    if (!isCounted) this.#stopCounting();
    else if (this.#patience !== undefined) this.#patience.restart();
    else this.#patience = countDown(stallMs, () => this.#stalled(stallMs));
  }

  #stalled(stallMs: number): void {
    this.#stopCounting();
    if (this.#parts.options.isWaiting?.() === true) this.#progress();
    else this.#fail(silentProgram(stallMs));
  }

  #stopCounting(): void {
    this.#patience?.[Symbol.dispose]();
    this.#patience = undefined;
  }

  #endOutput(): void {
    if (this.#hasPrinted) return;
    this.#hasPrinted = true;
    if (!this.stdout.destroyed) this.stdout.push(null);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopCounting();
    this.#endOutput();
    this.stdin.destroy();
    const stderr = sanitizeText(Buffer.concat(this.#errors).toString('utf8'));
    this.#settle({ status: this.#status, stderr });
  }

  #fail(reason: BaiError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopCounting();
    closeChannel(this.#parts.channel);
    this.stdin.destroy(reason);
    this.stdout.destroy(reason);
    this.#settle(reason);
  }
}

function lostError(cause?: unknown): UnreachableError {
  return new UnreachableError('the connection to the session was lost', { code: 'connection-lost', cause });
}
