/** Ports of a session that lead to its client (`ssh -R`), on loopback only, as the sessions' dropbear binds them. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Connection, ServerChannel } from 'ssh2';
import type { FaultBook } from '../model/faults.ts';

/** They end with the connection. */
export function serveRemoteForwarding(client: Connection, faults: FaultBook): void {
  const servers = new Map<string, Server>();
  const sockets = new Set<Socket>();
  client.on('request', (accept, reject, name, info) => {
    const { bindAddr, bindPort } = info as { readonly bindAddr: string; readonly bindPort: number };
    const key = `${bindAddr}:${bindPort}`;
    if (name === 'cancel-tcpip-forward') {
      servers.get(key)?.close();
      return servers.delete(key) ? accept?.() : reject?.();
    }
    if (name !== 'tcpip-forward') return reject?.();
    if (faults.isSilentAt('tcpip-forward')) return;
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const { port } = server.address() as AddressInfo;
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      lead(client, socket, { address: bindAddr, port });
    });
    listen(server, bindPort).then(
      (port) => {
        servers.set(`${bindAddr}:${port}`, server);
        accept?.(port);
      },
      () => reject?.(),
    );
  });
  client.once('close', () => {
    for (const server of servers.values()) server.close();
    for (const socket of sockets) socket.destroy();
  });
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

interface Bound {
  readonly address: string;
  readonly port: number;
}

function lead(client: Connection, socket: Socket, { address, port }: Bound): void {
  socket.on('error', () => socket.destroy());
  const { remoteAddress = '127.0.0.1', remotePort = 0 } = socket;
  client.forwardOut(address, port, remoteAddress, remotePort, (error, channel) => {
    if (error) return void socket.destroy();
    void join(socket, channel);
  });
}

async function join(socket: Socket, channel: ServerChannel): Promise<void> {
  channel.on('close', () => socket.destroySoon());
  try {
    await Promise.all([pipeline(channel, socket), pipeline(socket, channel)]);
  } catch {
    // A stream that breaks ends both ways; there is nobody to tell.
    socket.destroy();
    channel.close();
  }
}
