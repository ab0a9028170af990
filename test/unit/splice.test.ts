/** Two real connections joined in the middle: `client` ⇄ `local` | `remote` ⇄ `far`. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { takeClient } from '../../src/proxy/local-client.ts';
import { watchLocalPeers } from '../../src/proxy/local-peers.ts';
import { splice } from '../../src/proxy/splice.ts';
import { take } from '../contract/app-bed.ts';

test('bytes pass both ways, and the end of the far side is the end of both', async () => {
  await using joined = await join();
  const request = randomBytes(300_000);
  const answer = randomBytes(2_000_000);
  joined.client.write(request);
  expect((await take(joined.far, request.length)).equals(request)).toBe(true);
  joined.far.end(answer);
  expect((await readAll(joined.client)).equals(answer)).toBe(true);
  await joined.done;
});

test('Local half-close cancels the download direction: a client that closes its sending half gets the whole answer', async () => {
  for (let round = 0; round < 6; round += 1) {
    await using joined = await join();
    const answer = randomBytes(16 << 20);
    const received = readAll(joined.client);
    joined.client.end('request');
    await take(joined.far, 7);
    joined.far.end(answer);
    expect((await received).equals(answer), `run ${round + 1}`).toBe(true);
    await joined.done;
  }
});

test('what the client sent last arrives although it closed at once', async () => {
  await using joined = await join();
  const request = randomBytes(3_000_000);
  joined.client.end(request);
  expect((await take(joined.far, request.length)).equals(request)).toBe(true);
  joined.far.end();
  await joined.done;
});

test('a client that resets ends the far side too', async () => {
  await using joined = await join();
  joined.client.write('x');
  await take(joined.far, 1);
  const farGone = ended(joined.far);
  joined.far.resume();
  joined.client.resetAndDestroy();
  await expect(joined.done).rejects.toThrow();
  await farGone;
});

test('a far side that breaks ends the client, and only the caller hears of it', async () => {
  await using joined = await join();
  joined.client.write('x');
  await take(joined.far, 1);
  const clientGone = ended(joined.client);
  joined.client.resume();
  joined.far.resetAndDestroy();
  await expect(joined.done).rejects.toThrow();
  await clientGone;
});

test('both sides are gone after the end, whatever the client does', async () => {
  await using joined = await join();
  joined.far.end('bye');
  expect((await take(joined.client, 3)).toString()).toBe('bye');
  // This client never closes by itself: `allowHalfOpen` and no end.
  await joined.done;
  expect([joined.local.destroyed, joined.remote.destroyed]).toEqual([true, true]);
});

test('a client that has gone ends the far side at once, also when nobody says anything', async () => {
  await using joined = await join();
  joined.client.write('x');
  await take(joined.far, 1);
  const farGone = ended(joined.far);
  joined.far.resume();
  joined.client.destroy();
  await farGone;
  await joined.done;
});

test('a client that has only closed its sending half is waited for, however long the far side is silent', async () => {
  await using joined = await join();
  joined.client.end('question');
  await take(joined.far, 8);
  await expectOpenFor(joined, 3_000);
  joined.far.end('answer');
  expect((await readAll(joined.client)).toString()).toBe('answer');
  await joined.done;
});

test('a client that goes after it has closed its sending half ends the far side', async () => {
  await using joined = await join();
  joined.client.end('question');
  await take(joined.far, 8);
  const farGone = ended(joined.far);
  joined.far.resume();
  joined.client.destroy();
  await farGone;
  await joined.done;
});

test('what a client sent before it went arrives, however slowly it is taken and whatever is answered to it', async () => {
  await using joined = await join();
  const request = randomBytes(8_000_000);
  joined.far.write('an answer that nobody reads');
  joined.client.end(request, () => joined.client.destroy());
  joined.far.pause();
  await expectOpenFor(joined, 1_000);
  expect((await take(joined.far, request.length)).equals(request)).toBe(true);
  joined.far.resume();
  await joined.done.catch(() => {});
});

test.each([{ knowsNothing: false }, { knowsNothing: true }])(
  'sshd waits for minutes for a client that has sent all it will: its tunnel is closed after a second of silence (%j)',
  async (options) => {
    await using joined = await join({ ...options, isSsh: true });
    joined.far.write('SSH-2.0-test');
    const farGone = ended(joined.far);
    joined.far.resume();
    joined.client.end('SSH-2.0-half');
    expect((await readAll(joined.client)).toString()).toBe('SSH-2.0-test');
    await farGone;
    await joined.done;
  },
);

test('where nothing is known of the client, one that refuses what comes is gone anyway', async () => {
  await using joined = await join({ knowsNothing: true });
  joined.client.write('x');
  await take(joined.far, 1);
  const farGone = ended(joined.far);
  joined.far.resume();
  joined.client.destroy();
  joined.far.write('nobody reads this');
  await farGone;
  await joined.done.catch(() => {});
});

async function expectOpenFor({ remote, local }: Joined, ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until) {
    expect([remote.destroyed, local.destroyed]).toEqual([false, false]);
    await delay(50);
  }
}

interface Joined extends AsyncDisposable {
  readonly client: Socket;
  readonly local: Socket;
  readonly remote: Socket;
  readonly far: Socket;
  readonly done: Promise<void>;
}

interface JoinOptions {
  readonly isSsh?: boolean;
  /** As on a system that tells nothing of other programs' connections. */
  readonly knowsNothing?: boolean;
}

async function join({ isSsh = false, knowsNothing = false }: JoinOptions = {}): Promise<Joined> {
  const [client, local] = await pair();
  const [far, remote] = await pair();
  const peers = knowsNothing
    ? watchLocalPeers(() => Promise.reject(new Error('no such file')))
    : watchLocalPeers();
  const done = splice(takeClient(local, { peers, isSsh }), remote);
  done.catch(() => {});
  return {
    client,
    local,
    remote,
    far,
    done,
    async [Symbol.asyncDispose]() {
      for (const socket of [client, local, remote, far]) socket.destroy();
      await done.catch(() => {});
    },
  };
}

async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const near = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true });
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const far = await accepted;
  server.close();
  for (const socket of [near, far]) socket.on('error', () => {});
  return [near, far];
}

/** The other side has ended the connection, in whichever way. */
function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['end', 'close']) socket.once(event, () => resolve());
  });
}

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks);
}
