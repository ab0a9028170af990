/** The forwarder over tunnels that are plain TCP connections to servers of the test. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import type { Tunnel } from '../../src/core/session/provider.ts';
import type { Forwarder } from '../../src/core/ssh/forwarder.ts';
import { startForwarder } from '../../src/proxy/forwarder.ts';
import {
  deferred,
  dial,
  freePort,
  listenersOn,
  readAll,
  readPort,
  take,
  until,
} from '../contract/app-bed.ts';

const host = '127.0.0.1';

test('only 127.0.0.1 is listened on', async () => {
  await using server = await serve((socket) => socket.end());
  await using forwarder = await open(server.tunnel);
  expect(listenersOn(forwarder.port)).toEqual(['127.0.0.1']);
});

test('nothing is dialled until somebody connects', async () => {
  await using server = await serve((socket) => socket.end('hi'));
  await using forwarder = await open(server.tunnel);
  expect(server.dials).toBe(0);
  await readPort(forwarder.port);
  expect(server.dials).toBe(1);
});

test('two hundred connections at once are byte-exact, each with its own answer', async () => {
  await using server = await serve((socket) => void socket.pipe(socket));
  await using forwarder = await open(server.tunnel);
  await Promise.all(
    Array.from({ length: 200 }, async () => {
      const sent = randomBytes(20_000 + Math.floor(Math.random() * 60_000));
      const socket = await dial(forwarder.port);
      socket.end(sent);
      expect((await take(socket, sent.length)).equals(sent)).toBe(true);
      socket.destroy();
    }),
  );
  expect(forwarder.failures).toEqual([]);
});

test('one failed dial resets only its own connection', async () => {
  await using server = await serve((socket) => void socket.pipe(socket));
  let dials = 0;
  const tunnel: Tunnel = {
    dial: (signal) => {
      dials += 1;
      return dials === 2 ? Promise.reject(new Error('this one is bad')) : server.tunnel.dial(signal);
    },
  };
  await using forwarder = await open(tunnel);
  const before = await dial(forwarder.port);
  before.write('a');
  await once(before, 'data');
  expect(await readPort(forwarder.port)).toEqual({ bytes: Buffer.alloc(0), error: 'ECONNRESET' });
  const after = await dial(forwarder.port);
  for (const socket of [before, after]) {
    socket.write('still here');
    expect(String((await once(socket, 'data'))[0])).toBe('still here');
    socket.destroy();
  }
  expect(forwarder.failures.map(String)).toEqual(['Error: this one is bad']);
});

test('a connection that was accepted while the tunnel is dialled loses no byte', async () => {
  await using server = await serve((socket) => void socket.pipe(socket));
  const gate = deferred();
  const tunnel: Tunnel = {
    async dial(signal) {
      await gate.promise;
      return server.tunnel.dial(signal);
    },
  };
  await using forwarder = await open(tunnel);
  const sent = randomBytes(500_000);
  const socket = await dial(forwarder.port);
  socket.end(sent);
  gate.resolve();
  expect((await take(socket, sent.length)).equals(sent)).toBe(true);
  socket.destroy();
});

test('a client that leaves while the tunnel is dialled ends the dial and is no failure', async () => {
  const dialled = deferred<AbortSignal>();
  const tunnel: Tunnel = {
    dial: (signal) => {
      dialled.resolve(signal);
      return new Promise<Duplex>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    },
  };
  await using forwarder = await open(tunnel);
  const socket = await dial(forwarder.port);
  const signal = await dialled.promise;
  socket.resetAndDestroy();
  await until(() => signal.aborted, 'the dial is aborted');
  expect(forwarder.failures).toEqual([]);
});

test('closing ends the listener and every connection, also one whose dial hangs', async () => {
  await using server = await serve((socket) => void socket.pipe(socket));
  let dials = 0;
  const tunnel: Tunnel = {
    dial: (signal) => {
      dials += 1;
      if (dials === 1) return server.tunnel.dial(signal);
      return new Promise<Duplex>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    },
  };
  const forwarder = await open(tunnel);
  const joined = await dial(forwarder.port);
  joined.write('x');
  await once(joined, 'data');
  const hanging = await dial(forwarder.port);
  await until(() => dials === 2, 'the second dial has begun');
  const ends = [joined, hanging].map((socket) => readAll(socket));
  await forwarder[Symbol.asyncDispose]();
  await Promise.all(ends);
  expect(listenersOn(forwarder.port)).toEqual([]);
  await expect(forwarder.closed).resolves.toBeUndefined();
  await until(() => server.open === 0, 'the far connections are gone');
  expect(forwarder.failures).toEqual([]);
});

test('a listener that failed to bind leaves nothing registered: the next one gets a live port', async () => {
  await using server = await serve((socket) => socket.end('alive'));
  await using first = await open(server.tunnel);
  await expect(open(server.tunnel, { preferredPort: first.port, strict: true })).rejects.toMatchObject({
    code: 'port-taken',
  });
  await using second = await open(server.tunnel, { preferredPort: first.port, strict: false });
  expect(second.port).not.toBe(first.port);
  for (const { port } of [first, second]) {
    expect((await readPort(port)).bytes.toString()).toBe('alive');
  }
});

test('the preferred port is used again as soon as it is free', async () => {
  await using server = await serve((socket) => socket.end());
  const preferredPort = await freePort();
  for (let round = 0; round < 3; round += 1) {
    await using forwarder = await open(server.tunnel, { preferredPort, strict: true });
    expect(forwarder.port).toBe(preferredPort);
    await readPort(preferredPort);
  }
});

interface TestServer extends AsyncDisposable {
  readonly tunnel: Tunnel;
  readonly dials: number;
  readonly open: number;
}

async function serve(answer: (socket: Socket) => void): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let dials = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    dials += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('end', () => socket.end());
    answer(socket);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    tunnel: {
      async dial(signal) {
        const socket = connect({ port: address.port, host });
        await once(socket, 'connect', { signal });
        return socket;
      },
    },
    get dials() {
      return dials;
    },
    get open() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

interface WatchedForwarder extends Forwarder {
  readonly failures: unknown[];
}

async function open(
  tunnel: Tunnel,
  {
    isSsh = false,
    ...wish
  }: {
    readonly preferredPort: number | undefined;
    readonly strict: boolean;
    readonly isSsh?: boolean;
  } = { preferredPort: undefined, strict: false },
): Promise<WatchedForwarder> {
  const failures: unknown[] = [];
  const onConnectionFailed = (error: unknown): void => void failures.push(error);
  const forwarder = await startForwarder({ tunnel, isSsh, host, ...wish, onConnectionFailed });
  return Object.assign(forwarder, { failures });
}
