/** TCP forwarding out of a session (`ssh -L`, `ssh -D`): loopback only, where the session's own servers listen. */

import { connect } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Connection } from 'ssh2';

const loopback = new Set(['127.0.0.1', 'localhost', '::1', 'main1']);

export function serveForwarding(client: Connection): void {
  client.on('tcpip', (accept, reject, { destIP, destPort }) => {
    if (!loopback.has(destIP)) return reject();
    const socket = connect({ port: destPort, host: '127.0.0.1', allowHalfOpen: true });
    socket.once('error', () => reject());
    socket.once('connect', () => {
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
