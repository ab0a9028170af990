/** What an SSH connection lives through, and how its end is noticed. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SFTPWrapper } from 'ssh2';
import { expect, test } from 'vitest';
import { UnreachableError } from '../../src/errors.ts';
import { openSshConnection, type SshConnectionOptions } from '../../src/ssh/connection.ts';
import { openSftp } from '../../src/ssh/sftp.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';

/** A host key is looked up in files, so the answer comes some turns later. */
function requestFor(sshd: TestSshd, stream: Socket): SshConnectionOptions {
  return {
    session: 'demo',
    user: sshd.user,
    stream,
    privateKey: readFile(sshd.privateKeyPath),
    verifyHostKey: async () => {
      for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    },
    signal: new AbortController().signal,
  };
}

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
    const connection = await openSshConnection(requestFor(sshd, stream));
    for (const socket of near) socket.end();
    await expect(connection.lost).rejects.toBeInstanceOf(UnreachableError);
    await connection[Symbol.asyncDispose]();
    for (const socket of near) socket.destroy();
    relay.close();
  },
);

test.skipIf(sshdMissing !== undefined)(
  'a get of more than a gigabyte loses its connection: new keys are agreed on while requests are on their way',
  async () => {
    await using sshd = await startSshd({ rekeyLimit: '1M' });
    const content = randomBytes(16 << 20);
    await writeFile(join(sshd.home, 'big'), content);
    const connection = await openSshConnection(
      requestFor(sshd, connect({ port: sshd.port, host: '127.0.0.1', noDelay: true })),
    );
    let exchanges = 0;
    connection.client.on('handshake', () => {
      exchanges += 1;
    });
    await using files = await openSftp(connection, 'demo');
    const got = await Promise.race([readWhole(files.sftp, 'big', content.length), files.lost]);
    expect(got.equals(content)).toBe(true);
    expect(exchanges).toBeGreaterThan(8);
  },
);

/** With twenty requests on their way at any time. */
async function readWhole(sftp: SFTPWrapper, path: string, length: number): Promise<Buffer> {
  const content = Buffer.alloc(length);
  const handle = await new Promise<Buffer>((resolve, reject) => {
    sftp.open(path, 'r', (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  const piece = 32 * 1024;
  let next = 0;
  const reader = async (): Promise<void> => {
    while (next < length) {
      const offset = next;
      next += piece;
      await new Promise<void>((resolve, reject) => {
        sftp.read(handle, content, offset, piece, offset, (error) => (error ? reject(error) : resolve()));
      });
    }
  };
  await Promise.all(Array.from({ length: 20 }, reader));
  return content;
}
