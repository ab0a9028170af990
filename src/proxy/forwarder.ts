/** The in-process port forwarder: a listener on loopback, each connection joined to one dial of a tunnel. */

import { createServer, type Server, type Socket } from 'node:net';
import type { Forwarder, Tunnel } from '../core/ssh-access.ts';
import { BaiError } from '../errors.ts';
import { type ListenRequest, listen } from './listen.ts';
import { splice } from './splice.ts';

export interface ForwarderOptions extends ListenRequest {
  readonly tunnel: Tunnel;
  /** Told of each connection that failed; the others go on. */
  readonly onConnectionFailed: (error: unknown) => void;
}

/** Listens before it returns. Nothing remote happens until somebody connects. */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const connections = new Set<Socket>();
  let first: Promise<void> | undefined;
  const closing = new AbortController();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
    connections.add(socket);
    first ??= whenGone(socket);
    socket.once('close', () => connections.delete(socket));
    void serve(socket, options, closing.signal);
  });
  const port = await listen(server, options);
  const closed = whenClosed(server);
  closed.catch(() => {});
  return {
    host: options.host,
    port,
    closed,
    firstGone: () => first ?? Promise.resolve(),
    async [Symbol.asyncDispose]() {
      closing.abort();
      for (const socket of connections) socket.destroy();
      server.close();
      await closed.catch(() => {});
    },
  };
}

async function serve(socket: Socket, options: ForwarderOptions, closing: AbortSignal): Promise<void> {
  // Attached before the first await: a client that resets while the tunnel is dialled must not crash the others.
  socket.on('error', () => {});
  socket.setKeepAlive(true, 60_000);
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  // Without reading, a client that resets while the tunnel is dialled would not be noticed. What it sends is kept.
  socket.read(0);
  try {
    const remote = await options.tunnel.dial(AbortSignal.any([closing, gone.signal]));
    remote.on('error', () => {});
    await splice(socket, remote);
  } catch (error) {
    // Nothing but the app's own bytes may enter the stream, so the client learns of it by a reset.
    socket.resetAndDestroy();
    if (!closing.aborted && !isClientsDoing(error, gone.signal)) options.onConnectionFailed(error);
  }
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
  'ETIMEDOUT',
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
