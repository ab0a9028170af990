/** A WebSocket server of the test's own in place of a manager, and tunnels to it. */

import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Tunnel } from '../../src/core/session/provider.ts';
import { createManagerTunnel } from '../../src/providers/backend-ai/tunnel/manager-tunnel.ts';

export interface TunnelServer extends AsyncDisposable {
  readonly url: URL;
  /** Headers of every upgrade so far. */
  readonly upgrades: IncomingMessage[];
  readonly clients: ReadonlySet<WebSocket>;
  tunnel(options?: TunnelOptions): WatchedTunnel;
}

interface TunnelOptions {
  readonly greets?: boolean;
  readonly patienceMs?: number;
  readonly quietMs?: number;
  readonly onWait?: (message: string) => void;
}

export interface WatchedTunnel extends Tunnel {
  /** How often a signature was asked for. */
  readonly signatures: number;
  /** What `explain` was given. */
  readonly explained: (readonly [error: unknown, response: IncomingMessage | undefined])[];
}

interface Answers {
  /** Takes an accepted WebSocket; the second argument counts them from 1. */
  readonly open?: (socket: WebSocket, number: number) => void;
  /** Awaited before an upgrade is answered. */
  readonly ready?: Promise<void>;
  /** Answers the upgrade itself. */
  readonly refuse?: (socket: Duplex) => void;
  readonly request?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Takes and offers compression, as the manager does. */
  readonly compress?: boolean;
  readonly autoPong?: boolean;
}

const never = new AbortController().signal;

export function dialOf(tunnel: Tunnel, signal: AbortSignal = never): Promise<Duplex> {
  return tunnel.dial(signal);
}

export async function serveTunnels(answers: Answers): Promise<TunnelServer> {
  const upgrades: IncomingMessage[] = [];
  const sockets = new Set<Duplex>();
  const websockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: answers.compress === true,
    autoPong: answers.autoPong !== false,
  });
  const server = createServer((request, response) => answers.request?.(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    upgrades.push(request);
    if (answers.refuse) return answers.refuse(socket);
    void Promise.resolve(answers.ready).then(() =>
      websockets.handleUpgrade(request, socket, head, (client) => {
        client.on('error', () => {});
        answers.open?.(client, upgrades.length);
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = new URL(`ws://127.0.0.1:${address.port}/stream/session/demo/tcpproxy?app=sshd`);
  return {
    url,
    upgrades,
    clients: websockets.clients,
    tunnel: (options = {}) => tunnelTo(url, options),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function tunnelTo(
  url: URL,
  { greets = false, patienceMs = 8_000, ...waiting }: TunnelOptions,
): WatchedTunnel {
  const agent = new Agent();
  const explained: WatchedTunnel['explained'] = [];
  let signatures = 0;
  const tunnel = createManagerTunnel({
    label: 'sshd of demo',
    session: 'demo',
    ...{ greets, patienceMs, ...waiting },
    agentFor: () => agent,
    sign: async () => {
      signatures += 1;
      const headers = { Authorization: `signature ${signatures}` };
      return { url, headers, endsWithoutCloseFrame: false, isRight: Promise.resolve(true) };
    },
    explain: async ({ error, response }) => {
      explained.push([error, response]);
      response?.destroy();
      return error;
    },
  });
  return {
    dial: (signal) => tunnel.dial(signal),
    explained,
    get signatures() {
      return signatures;
    },
  };
}
