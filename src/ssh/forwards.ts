/** -L, -R and -D of the builtin client: connections of one side that come out on the other, no byte of them lost. */

import { connect, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { Forward, ForwardTarget, SshWork } from '../core/ssh-arguments.ts';
import { UnreachableError } from '../errors.ts';
import type { SshConnection } from './connection.ts';
import { listenHere } from './local-listener.ts';
import { pour, type Stop } from './pour.ts';
import { askTarget, type SocksRequest } from './socks.ts';
import { closeChannel } from './window.ts';

export interface ForwardsOptions {
  /** Tells the user something; a line. */
  readonly say: (message: string) => void;
}

/** What may wait for a slow reader before the rest of the connection has to wait with it. */
const mostWaiting = 8 * 1024 * 1024;
const loopback = '127.0.0.1';

export interface OpenForwards extends Disposable {
  /** Resolves when no connection goes through them. */
  idle(): Promise<void>;
}

/** Disposal ends all of them. Rejects when one cannot be made and `work.needsForwards` says that it has to be. */
export async function openForwards(
  connection: SshConnection,
  work: SshWork,
  { say }: ForwardsOptions,
): Promise<OpenForwards> {
  const forwards = new Forwards(connection, say);
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
    if (work.needsForwards || !(error instanceof Error)) throw error;
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
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** By the address and port that the session names. */
  readonly #fromSession = new Map<string, Forward>();
  #whenIdle: (() => void)[] = [];

  constructor(connection: SshConnection, say: (text: string) => void) {
    this.#connection = connection;
    this.#say = say;
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
    const { remoteAddress = loopback, remotePort = 0 } = socket;
    try {
      this.#connection.client.forwardOut(remoteAddress, remotePort, host, port, (error, channel) => {
        if (!error) {
          answer?.('connected');
          return this.#join(socket, channel);
        }
        this.#say(`warning: nothing answers at ${host}:${port} in the session: ${error.message}`);
        if (answer === undefined) return socket.resetAndDestroy();
        answer(isProhibited(error) ? 'not-allowed' : 'refused');
        socket.destroySoon();
      });
    } catch {
      // ssh2 throws at once when the connection has gone already.
      socket.resetAndDestroy();
    }
  }

  /** -R: a port of the session leads to this machine. */
  async listenThere(forward: Forward): Promise<void> {
    const { bind = 'localhost', port, target } = forward;
    const address = bind === '*' ? '' : bind;
    const bound = await new Promise<number>((resolve, reject) => {
      this.#connection.client.forwardIn(address, port, (error, chosen) => {
        if (!error) {
          // In this very turn: a connection may be in the packets that follow.
          this.#fromSession.set(`${address}:${port === 0 ? chosen : port}`, forward);
          return resolve(chosen);
        }
        reject(
          new UnreachableError(`the session does not listen on port ${port}: ${error.message}`, {
            code: 'forward-refused',
            hint: 'choose another port with -R',
          }),
        );
      });
    });
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
    void pour(channel, socket, { stop: stopOf(this.#connection, channel), mostWaiting }).then(() => {
      if (!socket.destroyed) socket.end();
    });
    socket.pipe(channel);
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
export function stopOf({ client, brake }: SshConnection, channel: ClientChannel): Stop {
  const ident: unknown = Reflect.get(client, '_remoteVer');
  if (typeof ident !== 'string' || /dropbear/i.test(ident)) return brake;
  return { hold: () => void channel.pause(), release: () => void channel.resume() };
}

/** RFC 4254, 5.1: 1 is "administratively prohibited". */
function isProhibited(error: Error): boolean {
  return 'reason' in error && error.reason === 1;
}
