/** Streams through one SSH connection to another server: whole, and held up together where the server is dropbear. */

import { createHash, randomBytes } from 'node:crypto';
import { getEventListeners, setMaxListeners } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSshConnection, type SshConnection } from '../../src/ssh/connection.ts';
import { startProgram } from '../../src/ssh/remote-program.ts';
import { runRemote } from '../../src/ssh/run-remote.ts';
import { type NodeStreams, openNodeStreams } from '../../src/ssh/streams/node-streams.ts';
import type { RemoteProgram } from '../../src/transfer/engine/sftp-connection.ts';
import { connectTo } from '../support/ssh-session.ts';
import { sshServers, type TestSshd } from '../support/sshd.ts';

const mebibyte = 1024 * 1024;
const { signal } = new AbortController();
setMaxListeners(0, signal);
const why = (missing: string | undefined): string => (missing === undefined ? '' : ` (${missing})`);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

for (const { name, missing, start } of sshServers) {
  describe.skipIf(missing !== undefined)(`through ${name}${why(missing)}`, () => {
    let server: TestSshd;
    const bytes = randomBytes(48 * mebibyte);
    beforeAll(async () => {
      server = await start();
      await writeFile(join(server.home, 'long'), bytes);
    });
    afterAll(() => server[Symbol.asyncDispose]());

    /** The same server is both the host in between and the one behind it. */
    const openStreams = async (): Promise<NodeStreams> =>
      openNodeStreams(await connectTo(server), { session: 'test', port: server.port });
    const logIn = async (streams: NodeStreams): Promise<SshConnection> =>
      openSshConnection({
        session: 'test',
        node: 'localhost',
        user: server.user,
        stream: await streams.dial('localhost', signal),
        privateKey: readFile(server.privateKeyPath),
        verifyHostKey: async () => {},
        signal,
      });

    test('a connection within a connection of ssh2 does not damage either one', async () => {
      await using streams = await openStreams();
      await using inner = await logIn(streams);
      const { stdout } = await runRemote(inner, ['echo', 'in'], { signal });
      expect(stdout.toString()).toBe('in\n');
    });

    test('48 MiB arrive whole at a reader that stops, beside another reader that does not', async () => {
      await using streams = await openStreams();
      await using slow = await logIn(streams);
      await using quick = await logIn(streams);
      const cat = ['cat', join(server.home, 'long')];
      const all = async (program: RemoteProgram, stops: number): Promise<string> => {
        const hash = createHash('sha256');
        let [total, stopped] = [0, 0];
        for await (const chunk of program.stdout as AsyncIterable<Buffer>) {
          hash.update(chunk);
          total += chunk.length;
          if (total / mebibyte < (stopped + 1) * 12 || stopped === stops) continue;
          stopped += 1;
          await after(500);
        }
        return hash.digest('hex');
      };
      using slowly = await startProgram(slow, cat, { signal });
      // At once: what nobody reads at all keeps the answers to the other one waiting.
      const first = all(slowly, 3);
      using quickly = await startProgram(quick, cat, { signal });
      const digests = await Promise.all([first, all(quickly, 0)]);
      expect(digests).toEqual([sha256(bytes), sha256(bytes)]);
    });

    test('what nobody reads any more does not hold the others up', async () => {
      await using streams = await openStreams();
      await using one = await logIn(streams);
      const program = await startProgram(one, ['cat', '/dev/zero'], { signal });
      await program.stdout[Symbol.asyncIterator]().next();
      await one[Symbol.asyncDispose]();
      await using other = await logIn(streams);
      const { stdout } = await runRemote(other, ['echo', 'on'], { signal });
      expect(stdout.toString()).toBe('on\n');
    });

    test('12 logins at once all get in, though dropbear lets five wait', async () => {
      await using streams = await openStreams();
      const connections = await Promise.all(Array.from({ length: 12 }, () => logIn(streams)));
      expect(connections).toHaveLength(12);
      await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()));
    });

    test('streams that were closed are not kept by the connection under them, and take no places', async () => {
      const connection = await connectTo(server);
      await using streams = openNodeStreams(connection, { session: 'test', port: server.port });
      for (let round = 0; round < 12; round += 1) (await streams.dial('localhost', signal)).destroy();
      for (let round = 0; round < 6; round += 1) {
        const leaving = new AbortController();
        const dial = streams.dial('localhost', leaving.signal);
        leaving.abort(new Error('left'));
        await expect(dial).rejects.toThrow('left');
      }
      (await streams.dial('localhost', signal)).destroy();
      expect(getEventListeners(connection.over, 'abort')).toEqual([]);
    });

    test('a connection that is lost ends the streams over it with an error', async () => {
      const connection = await connectTo(server);
      const streams = openNodeStreams(connection, { session: 'test', port: server.port });
      const stream = await streams.dial('localhost', signal);
      const failed = new Promise<Error>((resolve) => stream.once('error', resolve));
      connection.client.destroy();
      expect(await failed).toMatchObject({ code: 'connection-lost' });
      await expect(streams.dial('localhost', signal)).rejects.toMatchObject({ code: 'connection-lost' });
    });

    test('a host that does not let itself be reached is given up when its time is over', async () => {
      const taken = createServer();
      const port = await new Promise<number>((resolve) => {
        taken.listen(0, '127.0.0.1', () => {
          const address = taken.address();
          taken.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
        });
      });
      await using streams = openNodeStreams(await connectTo(server), {
        session: 'demo',
        port,
        patienceMs: 400,
      });
      await expect(streams.dial('localhost', signal)).rejects.toMatchObject({ code: 'node-unreachable' });
    });
  });
}
