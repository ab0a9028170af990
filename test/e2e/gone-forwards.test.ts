/** Programs that come through -L, -R and -D of the builtin client and go: whichever side goes first, what was opened is closed. */

import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { watchLocalPeers } from '../../src/proxy/local-peers.ts';
import { dial, freePort, readAll, take, until } from '../contract/app-bed.ts';
import { finished, untilPrinted } from '../support/bai.ts';
import { embeddedServers, type RegressBed, why } from './regress-bed.ts';

for (const server of embeddedServers()) {
  const { name, missing } = server;
  describe.skipIf(missing !== undefined)(`on ${name}${why(missing)}`, () => {
    let opened: RegressBed;

    beforeAll(async () => {
      opened = await server.open();
    }, 120_000);
    afterAll(() => opened?.[Symbol.asyncDispose]());

    const withForward = async (words: readonly string[]) => {
      const all = ['ssh', opened.session, '--client', 'builtin', '--', ...words, 'echo ready; cat'];
      const child = opened.bed.start(all, { env: opened.env });
      await untilPrinted(child, 'stdout', /ready/);
      return {
        child,
        descriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
        async [Symbol.asyncDispose]() {
          const ended = finished(child);
          child.stdin.end();
          expect((await ended).code).toBe(0);
        },
      };
    };

    const ways = [
      { option: '-L', open: (port: number, target: number) => [`127.0.0.1:${port}:127.0.0.1:${target}`] },
      { option: '-D', open: (port: number) => [`127.0.0.1:${port}`] },
    ];
    test.each(ways)(
      'a program that goes while the other end of $option is silent leaves nothing open',
      async ({ option, open }) => {
        await using silent = await listenSilently();
        const port = await freePort();
        await using forwarded = await withForward([option, ...open(port, silent.port)]);
        const before = forwarded.descriptors();
        for (let round = 0; round < 3; round += 1) {
          const clients = await Promise.all(
            Array.from({ length: 20 }, () => reach(port, option === '-D' ? silent.port : undefined)),
          );
          await until(() => silent.open === 20, 'all have arrived');
          for (const [index, client] of clients.entries())
            if (index % 2 === 0) client.destroy();
            else client.resetAndDestroy();
          await until(() => silent.open === 0, 'the far connections are gone');
          await until(() => forwarded.descriptors() <= before, 'the descriptors are as before');
        }
      },
    );

    test('a program that has said all it will still gets its answer through -L, after a while of silence', async () => {
      await using silent = await listenSilently();
      const port = await freePort();
      await using _forwarded = await withForward(['-L', `127.0.0.1:${port}:127.0.0.1:${silent.port}`]);
      const client = await dial(port);
      client.end('question');
      await until(() => silent.heard === 'question', 'it has arrived');
      const waited = performance.now() + 3_000;
      await until(() => performance.now() > waited || silent.open === 0, 'a while is over');
      expect(silent.open).toBe(1);
      const answer = Buffer.alloc(4 << 20, 'answer ');
      silent.answer(answer);
      const { bytes, error } = await readAll(client);
      expect([bytes.length, bytes.equals(answer), error]).toEqual([answer.length, true, undefined]);
    });

    test('a server of this machine that ends hangs up on the program that came to it through -R', async () => {
      await using silent = await listenSilently();
      const port = await freePort();
      await using forwarded = await withForward(['-R', `${port}:127.0.0.1:${silent.port}`]);
      const before = forwarded.descriptors();
      const client = await dial(await opened.seenHere(port));
      client.write('hello');
      await until(() => silent.heard === 'hello', 'it has arrived');
      const ended = readAll(client);
      silent.hangUp();
      await ended;
      await until(() => forwarded.descriptors() <= before, 'the descriptors are as before');
    });

    test('a session that hangs up on a program of this machine leaves nothing open', async () => {
      await using silent = await listenSilently();
      const port = await freePort();
      await using forwarded = await withForward(['-L', `127.0.0.1:${port}:127.0.0.1:${silent.port}`]);
      const before = forwarded.descriptors();
      const client = await dial(port);
      client.write('hello');
      await until(() => silent.heard === 'hello', 'it has arrived');
      const ended = readAll(client);
      silent.hangUp();
      await ended;
      await until(() => forwarded.descriptors() <= before, 'the descriptors are as before');
    });
  });
}

interface Silent extends AsyncDisposable {
  readonly port: number;
  /** Connections that are open. */
  readonly open: number;
  readonly heard: string;
  answer(bytes: Buffer): void;
  hangUp(): void;
}

const endless = { there: Number.POSITIVE_INFINITY, unknown: Number.POSITIVE_INFINITY };

/** A server that never says anything, and that the end of its client does not make end either. */
async function listenSilently(): Promise<Silent> {
  const sockets = new Set<Socket>();
  const peers = watchLocalPeers();
  let heard = '';
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
    });
    socket.once('close', () => sockets.delete(socket));
    // On the wire its client's end and that of its sending half are one.
    socket.once('end', () => void peers.untilGone(socket, endless).then(() => socket.destroy()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    get open() {
      return sockets.size;
    },
    get heard() {
      return heard;
    },
    answer(bytes) {
      for (const socket of sockets) socket.end(bytes);
    },
    hangUp() {
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Through SOCKS when a target is given. */
async function reach(port: number, target: number | undefined): Promise<Socket> {
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => {});
  await once(client, 'connect');
  if (target === undefined) return client;
  client.write(Buffer.from([5, 1, 0]));
  await take(client, 2);
  client.write(Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, target >> 8, target & 255]));
  await take(client, 10);
  return client;
}
