/** TCP forwarding out of a session (`ssh -L`, `ssh -D`): to the hosts of the session's own network only. */

import { connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Connection } from 'ssh2';
import type { FaultBook } from '../model/faults.ts';

/** Where a port of a host is on 127.0.0.1; nothing when the session's network has no such host. */
export type Reach = (host: string, port: number) => number | undefined;

interface ForwardingDeps {
  readonly reach: Reach;
  readonly faults: FaultBook;
}

export function serveForwarding(client: Connection, { reach, faults }: ForwardingDeps): void {
  const sockets = new Set<Socket>();
  client.once('close', () => {
    for (const socket of sockets) socket.destroy();
  });
  client.on('tcpip', (accept, reject, { destIP, destPort }) => {
    if (faults.isSilentAt('direct-tcpip')) return;
    const port = reach(destIP, destPort);
    if (port === undefined) return reject();
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const refuse = (): void => reject();
    socket.once('error', refuse);
    socket.once('connect', () => {
      socket.off('error', refuse).on('error', () => {});
      const channel = accept();
      channel.on('close', () => socket.destroy());
      // A stream that breaks ends both ways; there is nobody to tell.
      void Promise.all([pipeline(channel, socket), pipeline(socket, channel)]).catch(() => {
        socket.destroy();
        channel.close();
      });
    });
  });
}
