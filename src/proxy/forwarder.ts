/** The in-process port forwarder: a listener on loopback, each connection joined to one dial of a tunnel. */

import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Tunnel } from '../core/session/provider.ts';
import type { Forwarder } from '../core/ssh/forwarder.ts';
import { BaiError, systemCode, UnreachableError } from '../errors.ts';
import { type ListenRequest, listen } from './listen.ts';
import { takeClient } from './local-client.ts';
import { type LocalPeers, watchLocalPeers } from './local-peers.ts';
import { splice } from './splice.ts';
import { admit, type WebGate } from './web-gate.ts';

export interface ForwarderOptions extends ListenRequest {
  readonly tunnel: Tunnel;
  /** Whether the app is an SSH server. */
  readonly isSsh: boolean;
  /** Whether the end of what a client sends can be told to the app, which then still answers. */
  readonly passesEnd?: boolean | undefined;
  /** For an app that browsers speak to: who does not know its secret is not let in. */
  readonly gate?: WebGate | undefined;
  /** Told of each connection that failed; the others go on. */
  readonly onConnectionFailed: (error: unknown) => void;
  /** Told of each that is over without a failure. */
  readonly onConnectionEnded?: (() => void) | undefined;
}

/** Listens before it returns. Nothing remote happens until somebody connects. */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const state: State = { streams: new Set(), peers: watchLocalPeers(), isClosing: false, clients: 0 };
  let first: Promise<void> | undefined;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
    first ??= whenGone(socket);
    void serve(socket, options, state);
  });
  const port = await listen(server, options);
  const closed = whenClosed(server);
  closed.catch(() => {});
  return {
    host: options.host,
    port,
    get connections() {
      return state.clients;
    },
    closed,
    firstGone: () => first ?? Promise.resolve(),
    async [Symbol.asyncDispose]() {
      state.isClosing = true;
      for (const stream of state.streams) stream.destroy();
      server.close();
      await closed.catch(() => {});
    },
  };
}

interface State {
  /** Of both sides, as long as they are open. */
  readonly streams: Set<Duplex>;
  readonly peers: LocalPeers;
  isClosing: boolean;
  /** How many are connected now. */
  clients: number;
}

async function serve(socket: Socket, options: ForwarderOptions, state: State): Promise<void> {
  // Before the first await: a client that resets while the tunnel is dialled must not crash the others.
  const client = takeClient(socket, { peers: state.peers, isSsh: options.isSsh });
  hold(socket, state);
  state.clients += 1;
  socket.once('close', () => {
    state.clients -= 1;
  });
  try {
    if (options.gate !== undefined && !(await admit(client, options.gate))) return;
    const remote = await options.tunnel.dial(client.needless);
    hold(remote, state);
    await splice(client, remote, options);
    options.onConnectionEnded?.();
  } catch (error) {
    // Nothing but the app's own bytes may enter the stream, so the client learns of it by a reset.
    socket.resetAndDestroy();
    if (!state.isClosing && !isClientsDoing(error, client.needless))
      options.onConnectionFailed(inWords(error));
  }
}

/** Clients are of this machine, where no line dies. */
function inWords(error: unknown): unknown {
  if (systemCode(error) !== 'ETIMEDOUT' || error instanceof BaiError) return error;
  return new UnreachableError('the tunnel broke: the other side does not answer any more', {
    code: 'tunnel-lost',
    cause: error,
  });
}

function hold(stream: Duplex, { streams, isClosing }: State): void {
  stream.on('error', () => {});
  streams.add(stream);
  stream.once('close', () => streams.delete(stream));
  if (isClosing) stream.destroy();
}

/** A client that hangs up, early or in the middle: the tunnel did nothing wrong. */
function isClientsDoing(error: unknown, gone: AbortSignal): boolean {
  if (error instanceof BaiError) return false;
  if (error === gone.reason) return true;
  return error instanceof Error && 'code' in error && hangUps.has(error.code);
}

const hangUps: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ABORT_ERR',
]);

/** It sends no more. */
function whenGone(client: Socket): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['end', 'close']) client.once(event, () => resolve());
  });
}

function whenClosed(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('close', resolve);
    server.once('error', reject);
  });
}
