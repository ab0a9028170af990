/** -L, -R and -D of the builtin client: connections of one side that come out on the other, no byte of them lost. */

import { connect, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { Forward, ForwardTarget, SshWork } from '../core/ssh/ssh-arguments.ts';
import { BaiError, ConflictError, TimeoutError, UnreachableError } from '../errors.ts';
import type { LocalPeers } from '../proxy/local-peers.ts';
import { ask, noAnswer, type SshQuestion } from './ask.ts';
import type { SshConnection } from './connection.ts';
import { closeChannel } from './flow-control.ts';
import { listenHere } from './local-listener.ts';
import { pipeWithBackpressure, type Stop } from './pipe-with-backpressure.ts';
import { askTarget, type SocksRequest } from './socks.ts';

export interface ForwardsOptions {
  readonly signal: AbortSignal;
  /** Tells the user something; a line, on stderr. */
  readonly say: (message: string) => void;
  readonly peers: LocalPeers;
}

/** What may wait for a slow reader before the rest of the connection has to wait with it. */
const mostWaiting = 8 * 1024 * 1024;
const loopback = '127.0.0.1';
const forAsLongAsItTakes = { there: Number.POSITIVE_INFINITY, unknown: Number.POSITIVE_INFINITY };

interface OpenForwards extends Disposable {
  /** How many go through them now. */
  readonly connections: number;
  /** Resolves when no connection goes through them. */
  idle(): Promise<void>;
}

/** Disposal ends all of them. Rejects when one cannot be made and `work.needsForwards` says that it has to be. */
export async function openForwards(
  connection: SshConnection,
  work: SshWork,
  options: ForwardsOptions,
): Promise<OpenForwards> {
  const { signal, say } = options;
  const forwards = new Forwards({ ...connection, signal }, options);
  try {
    for (const forward of work.localForwards)
      await attempt(() => forwards.listenHere(forward, work.opensPorts), work, say);
    for (const forward of work.remoteForwards) await attempt(() => forwards.listenThere(forward), work, say);
  } catch (error) {
    forwards[Symbol.dispose]();
    throw error;
  }
  return forwards;
}

async function attempt(open: () => Promise<void>, work: SshWork, say: (text: string) => void): Promise<void> {
  try {
    await open();
  } catch (error) {
    if (work.needsForwards || !(error instanceof UnreachableError || error instanceof ConflictError))
      throw error;
    say(`warning: ${error.message}`);
  }
}

/** Where a connection goes, and whom to tell when it was named by SOCKS. */
interface Leading {
  readonly target: ForwardTarget;
  readonly answer?: SocksRequest['answer'];
}

class Forwards implements OpenForwards {
  readonly #connection: SshConnection;
  readonly #say: (text: string) => void;
  readonly #peers: LocalPeers;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** By the address and port that the session names. */
  readonly #fromSession = new Map<string, Forward>();
  #whenIdle: (() => void)[] = [];

  constructor(connection: SshConnection, { say, peers }: ForwardsOptions) {
    this.#connection = connection;
    this.#say = say;
    this.#peers = peers;
    connection.client.on('tcp connection', ({ destIP, destPort }, accept, reject) => {
      const forward = this.#fromSession.get(`${destIP}:${destPort}`);
      if (forward === undefined) return reject();
      const { target } = forward;
      const from = `port ${destPort} of the session`;
      const channel = accept();
      if (target !== undefined) return this.#reachHere({ target }, channel, from);
      channel.on('error', () => {});
      void this.#ask(channel, (request) => this.#reachHere(request, channel, from));
    });
  }

  /** -L and -D: a port of this machine leads into the session. */
  async listenHere({ bind, port, target }: Forward, isOpen: boolean): Promise<void> {
    const onConnection = (socket: Socket): void => {
      this.#track(socket);
      if (target !== undefined) this.#reachThere(socket, { target });
      else void this.#ask(socket, (request) => this.#reachThere(socket, request));
    };
    this.#servers.push(...(await listenHere({ bind, port, isOpen }, { onConnection, say: this.#say })));
  }

  /** Lets a program say by SOCKS where it wants to go. */
  async #ask(stream: Duplex, lead: (request: Leading) => void): Promise<void> {
    const request = await askTarget(stream);
    if (request !== undefined) lead(request);
    else stream.end(() => stream.destroy());
  }

  #reachThere(socket: Socket, { target, answer }: Leading): void {
    const { host, port } = target;
    const { client, place } = this.#connection;
    const { remoteAddress = loopback, remotePort = 0 } = socket;
    const question: SshQuestion<ClientChannel> = {
      send: (done) =>
        void client.forwardOut(remoteAddress, remotePort, host, port, (error, channel) => {
          if (error) return done(error);
          answer?.('connected');
          // In this very turn: bytes may be in the packets that follow. A socket that was given up closes the channel.
          this.#join(socket, channel);
          done(undefined, channel);
        }),
      late: (seconds) => noAnswer(`${place} did not answer a connection to ${host}:${port}`, seconds),
    };
    ask(question, this.#connection).catch((error: Error) => {
      if (!(error instanceof BaiError))
        this.#say(`warning: nothing answers at ${host}:${port} in the session: ${error.message}`);
      else if (error instanceof TimeoutError) this.#say(`warning: ${error.message}`);
      answer?.(isProhibited(error) ? 'not-allowed' : 'refused');
      if (answer === undefined) socket.resetAndDestroy();
      else socket.destroySoon();
    });
  }

  /** -R: a port of the session leads to this machine. */
  async listenThere(forward: Forward): Promise<void> {
    const { bind = 'localhost', port, target } = forward;
    const address = bind === '*' ? '' : bind;
    const { client, place } = this.#connection;
    const question: SshQuestion<number> = {
      send: (done) =>
        void client.forwardIn(address, port, (error, chosen) => {
          if (error) return done(notBound(port, error));
          // In this very turn: a connection may be in the packets that follow.
          this.#fromSession.set(`${address}:${port === 0 ? chosen : port}`, forward);
          done(undefined, chosen);
        }),
      late: (seconds) => noAnswer(`${place} did not say whether it listens on port ${port}`, seconds),
    };
    const bound = await ask(question, this.#connection);
    const leads = target === undefined ? '' : ` to ${target.host}:${target.port}`;
    if (port === 0) this.#say(`Allocated port ${bound} for remote forward${leads}`);
  }

  #reachHere({ target, answer }: Leading, channel: ClientChannel, from: string): void {
    const { host, port } = target;
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    this.#track(socket);
    const refuse = (error: Error): void => {
      this.#say(`warning: ${from} leads to ${host}:${port}, where nothing answers: ${error.message}`);
      answer?.('refused');
      closeChannel(channel);
    };
    socket.once('error', refuse);
    socket.once('connect', () => {
      socket.off('error', refuse);
      answer?.('connected');
    });
    // In this very turn: dropbear sends without waiting for the connection here.
    this.#join(socket, channel);
  }

  /** Each side's end is passed on by itself: a program may send nothing more and still wait for its answer. */
  #join(socket: Socket, channel: ClientChannel): void {
    // The local client may be gone before the session has answered.
    if (socket.destroyed) {
      closeChannel(channel);
      return;
    }
    socket.on('error', () => closeChannel(channel));
    channel.on('error', () => socket.destroy());
    void pipeWithBackpressure(channel, socket, { stop: stopOf(this.#connection, channel), mostWaiting }).then(
      () => {
        if (!socket.destroyed) socket.end();
      },
    );
    socket.pipe(channel);
    const brought = new Promise((resolve) => channel.once('finish', resolve));
    // Its end was passed on, but the far side need not end for that, and what it says nobody may read any more.
    socket.once('end', () => {
      const gone = this.#peers.untilGone(socket, forAsLongAsItTakes);
      void Promise.all([gone, brought]).then(() => socket.destroy());
    });
    channel.once('close', () => socket.destroySoon());
    socket.once('close', () => closeChannel(channel));
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size > 0) return;
      for (const resolve of this.#whenIdle) resolve();
      this.#whenIdle = [];
    });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  idle(): Promise<void> {
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  [Symbol.dispose](): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/**
 * How a channel is kept from sending. Where the server keeps to the channel's window only this channel waits; dropbear
 * sends on when it is shut, so there the whole connection has to.
 */
export function stopOf({ software, flow }: SshConnection, channel: ClientChannel): Stop {
  if (/dropbear/i.test(software)) return flow;
  return { hold: () => void channel.pause(), release: () => void channel.resume() };
}

/** RFC 4254, 5.1: 1 is "administratively prohibited". */
function isProhibited(error: Error): boolean {
  return 'reason' in error && error.reason === 1;
}

function notBound(port: number, cause: Error): UnreachableError {
  return new UnreachableError(`the session does not listen on port ${port}: ${cause.message}`, {
    code: 'forward-refused',
    hint: 'choose another port with -R',
  });
}
