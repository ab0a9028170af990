/** Ports through one SSH connection to genuine servers: both halves of a connection, refusals, ports over there, and whether it lives. */

import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { watchLocalPeers } from '../../src/proxy/local-peers.ts';
import { openSessionPorts, type SessionPorts } from '../../src/ssh/streams/session-ports.ts';
import { freePort } from '../support/free-port.ts';
import { type Relay, startRelay } from '../support/relay.ts';
import { connectTo } from '../support/ssh-session.ts';
import { sshServers, type TestSshd } from '../support/sshd.ts';

const { signal } = new AbortController();
const why = (missing: string | undefined): string => (missing === undefined ? '' : ` (${missing})`);

for (const { name, missing, start } of sshServers) {
  describe.skipIf(missing !== undefined)(`through ${name}${why(missing)}`, () => {
    let sshd: TestSshd;
    let server: Server;
    let port = 0;

    beforeAll(async () => {
      sshd = await start();
      // Answers once the client has said all it has to say.
      server = createServer({ allowHalfOpen: true }, (socket) => {
        let bytes = 0;
        socket.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        socket.on('end', () => socket.end(`${bytes} bytes`));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    });
    afterAll(async () => {
      server?.close();
      await sshd?.[Symbol.asyncDispose]();
    });

    async function open(
      remotes: Parameters<typeof openSessionPorts>[1]['remotes'] = [],
      relay?: Relay,
    ): Promise<SessionPorts> {
      const connection = await connectTo(relay === undefined ? sshd : { ...sshd, port: relay.port });
      const options = { session: 'test', remotes, signal, say: () => {}, peers: watchLocalPeers() };
      return await openSessionPorts(connection, options);
    }

    async function all(stream: Duplex): Promise<string> {
      let text = '';
      for await (const chunk of stream as AsyncIterable<Buffer>) text += chunk.toString();
      return text;
    }

    test('whoever has said all gets the answer, and a port where nothing listens is refused', async () => {
      await using ports = await open();
      const stream = await ports.dial({ host: 'localhost', port }, signal);
      expect(ports.streams).toBe(1);
      stream.end(Buffer.alloc(300_000));
      expect(await all(stream)).toBe('300000 bytes');
      const refused = ports.dial({ host: 'localhost', port: await freePort() }, signal);
      await expect(refused).rejects.toMatchObject({ code: 'app-not-listening' });
      await expect.poll(() => ports.streams).toBe(0);
    });

    test('ports over there lead here, and one that is taken there is refused', async () => {
      const there = await freePort();
      await using ports = await open([{ bind: undefined, port: there, target: { host: '127.0.0.1', port } }]);
      const socket = connect({ port: there, host: '127.0.0.1', allowHalfOpen: true });
      socket.end('four');
      expect(await all(socket)).toBe('4 bytes');
      await expect.poll(() => ports.fromThere).toBe(0);
      const taken = open([{ bind: undefined, port: there, target: { host: '127.0.0.1', port } }]);
      await expect(taken).rejects.toMatchObject({ code: 'forward-refused' });
    });

    test('a probe is answered by a connection that lives, and ends one that is dead', async () => {
      await using relay = await startRelay(sshd.port);
      await using ports = await open([], relay);
      await ports.probe(20_000);
      const stream = await ports.dial({ host: 'localhost', port }, signal);
      relay.forsake();
      await ports.probe(300);
      await expect(ports.lost).rejects.toMatchObject({ code: 'connection-lost' });
      await expect(all(stream)).rejects.toMatchObject({ code: 'connection-lost' });
    });
  });
}
