/** Streams to other hosts through one SSH connection, as `ssh -J` has them; no byte of them is lost. */

import { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import { createSemaphore, type Semaphore } from '../../core/semaphore.ts';
import { typed } from '../../core/text/typed.ts';
import { countDown, startStopwatch } from '../../core/time-limit.ts';
import { UnreachableError } from '../../errors.ts';
import { ask, type SshQuestion } from '../ask.ts';
import type { SshConnection } from '../connection.ts';
import { closeChannel, widenWindow } from '../flow-control.ts';
import { stopOf } from '../forwards.ts';
import type { Stop } from '../pipe-with-backpressure.ts';

export interface NodeStreams extends AsyncDisposable {
  /** To the sshd of a host that the far side knows by this name; waits until it greets. */
  dial(host: string, signal: AbortSignal): Promise<Duplex>;
  /** Rejects when the connection is lost; never resolves, and needs no catch. */
  readonly lost: Promise<never>;
}

/** Every container of a session has its sshd there. */
const sshdPort = 2200;
/** Below the five unauthenticated connections that dropbear lets in from one address: to a node, all come from main1. */
const dialsAtOnce = 4;
/** RUNNING does not mean that every container listens already. */
const defaultPatienceMs = 15_000;
/** What waits for its reader; beyond it the whole connection is stopped, and every stream over it. */
const mostWaiting = 4 * 1024 * 1024;

interface NodeStreamsOptions {
  /** For messages. */
  readonly session: string;
  readonly port?: number;
  /** How long to try again while a host does not let itself be reached. */
  readonly patienceMs?: number;
}

/** Takes the connection over: disposing the result closes it. */
export function openNodeStreams(connection: SshConnection, options: NodeStreamsOptions): NodeStreams {
  const { session, port = sshdPort, patienceMs = defaultPatienceMs } = options;
  const semaphores = new Map<string, Semaphore>();
  return {
    lost: connection.lost,
    async dial(host, signal) {
      const semaphore = semaphores.get(host) ?? createSemaphore(dialsAtOnce);
      semaphores.set(host, semaphore);
      const leave = await semaphore.enter(signal);
      try {
        return await dialPatiently(connection, { host, port, session, patienceMs }, signal);
      } finally {
        leave();
      }
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly session: string;
  readonly patienceMs: number;
}

async function dialPatiently(
  connection: SshConnection,
  target: Target,
  signal: AbortSignal,
): Promise<Duplex> {
  const until = AbortSignal.any([signal, connection.over]);
  using waited = startStopwatch();
  try {
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await dialOnce(connection, target, until);
      if (outcome instanceof Duplex) return outcome;
      if (waited.elapsedMs > target.patienceMs) throw gaveUp(target, outcome);
      await delay(Math.min(1000, 100 * 1.6 ** attempt), undefined, { signal: until });
    }
  } catch (error) {
    throw connection.over.aborted ? connection.over.reason : error;
  }
}

/** What kept a host from being reached: what the far side said, or that it hung up before it greeted. */
type NotYet = { readonly refused: Error } | 'silent';

async function dialOnce(
  connection: SshConnection,
  target: Target,
  signal: AbortSignal,
): Promise<Duplex | NotYet> {
  const opened = await openStream(connection, target, signal);
  if ('refused' in opened) {
    if (isForbidden(opened.refused)) throw gaveUp(target, opened);
    return opened;
  }
  const abort = (): void => void opened.destroy();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  // What is destroyed has not greeted.
  using _limit = countDown(target.patienceMs, abort);
  try {
    if (await opened.greeted) return opened;
    signal.throwIfAborted();
    opened.destroy();
    return 'silent';
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function openStream(
  connection: SshConnection,
  target: Target,
  signal: AbortSignal,
): Promise<NodeStream | { readonly refused: Error }> {
  const { host, port, patienceMs } = target;
  const question: SshQuestion<NodeStream | { readonly refused: Error }> = {
    send: (done) =>
      void connection.client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        if (error) return done(undefined, { refused: error });
        // In this very turn: the greeting may be in the packets that follow.
        done(undefined, new NodeStream(connection, channel));
      }),
    late: (seconds) => gaveUp(target, { refused: new Error(`no answer in ${seconds} s`) }),
    drop: (opened) => void ('refused' in opened || opened.destroy()),
  };
  return ask(question, { ...connection, signal, answerMs: patienceMs });
}

const administrativelyProhibited = 1;

function isForbidden(error: Error): boolean {
  return 'reason' in error && error.reason === administrativelyProhibited;
}

function gaveUp({ host, session }: Target, why: NotYet): UnreachableError {
  if (why === 'silent') {
    return new UnreachableError(`the sshd of node ${host} of session ${session} does not greet`, {
      code: 'sshd-not-greeting',
      hint: 'the container may hang, or too many logins at once wait on each other: try again',
    });
  }
  return new UnreachableError(`main1 does not get through to node ${host} of session ${session}`, {
    code: 'node-unreachable',
    hint: `look from inside: \`${typed(['bai', 'ssh', session, '--', 'getent', 'hosts', host])}\``,
    cause: why.refused,
  });
}

/**
 * The channel is always read, for dropbear sends on when its window is shut and ssh2 drops that. What the reader does
 * not take stops the connection under it.
 */
export class NodeStream extends Duplex {
  /** Whether the far side has sent anything before it ended. */
  readonly greeted: Promise<boolean>;
  readonly #channel: ClientChannel;
  readonly #stop: Stop;
  readonly #forget: () => void;
  readonly #keepsReading: boolean;
  #hasEnded = false;

  /** `keepsReading`: whoever has said all may still wait for an answer. */
  constructor(connection: SshConnection, channel: ClientChannel, { keepsReading = false } = {}) {
    super({ readableHighWaterMark: mostWaiting });
    this.#keepsReading = keepsReading;
    this.#channel = channel;
    this.#stop = stopOf(connection, channel);
    this.on('error', () => {});
    // Not where the channel itself is stopped: ssh2 drops what comes when its own count of the window is at 0.
    if (this.#stop === connection.flow) widenWindow(channel);
    this.greeted = new Promise((resolve) => {
      channel.once('data', () => resolve(true));
      for (const event of ['end', 'close']) channel.once(event, () => resolve(false));
      this.once('close', () => resolve(false));
    });
    channel.on('data', (chunk: Buffer) => {
      if (this.destroyed || (this.writableEnded && !this.#keepsReading)) return;
      if (!this.push(chunk)) this.#stop.hold(this);
    });
    channel.on('error', (error: Error) => this.destroy(error));
    // The channels of a lost connection are closed first, as if all had arrived; then it says so itself.
    for (const event of ['end', 'close']) channel.once(event, () => setImmediate(() => this.#end()));
    const { over, flow } = connection;
    const lose = (): void => void this.destroy(over.reason instanceof Error ? over.reason : undefined);
    over.addEventListener('abort', lose, { once: true });
    if (over.aborted) lose();
    // Nothing comes in over it while the connection below is stopped, whoever stopped that.
    const awake = flow.onStopped(() => this.emit('stopped'));
    this.#forget = () => {
      over.removeEventListener('abort', lose);
      awake();
    };
  }

  #end(): void {
    if (this.destroyed || this.#hasEnded) return;
    this.#hasEnded = true;
    this.push(null);
  }

  override _read(): void {
    this.#stop.release(this);
  }

  /** In a later turn: ssh2 writes in the middle of its encryption, whose state all its connections share. */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    process.nextTick(() => this.#channel.write(chunk, done));
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done);
  }

  /** Of a stream to an SSH server whoever writes no more wants nothing more either: the connection that goes on over it has ended. */
  override _final(done: () => void): void {
    this.#channel.end();
    if (!this.#keepsReading) {
      this.#stop.release(this);
      closeChannel(this.#channel);
    }
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#forget();
    this.#stop.release(this);
    // What nobody reads is thrown away.
    this.#channel.resume();
    closeChannel(this.#channel);
    done(error);
  }
}
