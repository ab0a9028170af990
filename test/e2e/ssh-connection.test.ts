/** How the end of an SSH connection is noticed. */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { UnreachableError } from '../../src/errors.ts';
import { connectSsh } from '../../src/ssh/connection.ts';
import { sshdMissing, startSshd } from '../support/sshd.ts';

test.skipIf(sshdMissing !== undefined)(
  'a transfer stands still for five minutes: a stream that only ends is a lost connection at once',
  async () => {
    await using sshd = await startSshd();
    const near: Socket[] = [];
    const relay = createServer({ allowHalfOpen: true }, (socket) => {
      near.push(socket);
      const far = connect({ port: sshd.port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => {}).on('data', (chunk) => far.write(chunk));
      far.on('error', () => {}).on('data', (chunk) => socket.write(chunk));
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const { port } = relay.address() as AddressInfo;
    const stream = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const connection = await connectSsh({
      session: 'demo',
      user: sshd.user,
      stream,
      privateKey: readFile(sshd.privateKeyPath),
      verifyHostKey: () => Promise.resolve(),
      signal: new AbortController().signal,
    });
    for (const socket of near) socket.end();
    await expect(connection.lost).rejects.toBeInstanceOf(UnreachableError);
    await connection[Symbol.asyncDispose]();
    for (const socket of near) socket.destroy();
    relay.close();
  },
  20_000,
);
