/** Dials through the manager's WebSocket: which close codes are tried again, which end well, which break. */

import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { UpgradeRefused } from '../../src/providers/backend-ai/tunnel/websocket-stream.ts';
import { startForwarder } from '../../src/proxy/forwarder.ts';
import { deferred, readPort, until } from '../contract/app-bed.ts';
import { dialOf, serveTunnels, type WatchedTunnel } from './forwarder-bed.ts';

test.each([true, false])(
  'close code 1013 is tried again until the app listens (greets: %s)',
  async (greets) => {
    await using server = await serveTunnels({
      open: (socket, number) => {
        if (number <= 3) return socket.close(1013);
        socket.send('SSH-2.0-test\r\n');
        socket.close(1001);
      },
    });
    const tunnel = server.tunnel({ greets });
    expect(await text(await dialOf(tunnel))).toBe('SSH-2.0-test\r\n');
    expect(server.upgrades.length).toBe(4);
  },
);

test('each dial, and each attempt of it, is freshly signed', async () => {
  await using server = await serveTunnels({
    open: (socket, number) => (number === 1 ? socket.close(1013) : socket.send('hello')),
  });
  const tunnel = server.tunnel({ greets: true });
  for (let round = 0; round < 3; round += 1) (await dialOf(tunnel)).destroy();
  const sent = server.upgrades.map(({ headers }) => headers.authorization);
  expect(sent).toEqual([1, 2, 3, 4].map((number) => `signature ${number}`));
});

test('the tunnel is not compressed, also when the manager offers it', async () => {
  await using server = await serveTunnels({ compress: true, open: (socket) => socket.send('hello') });
  (await dialOf(server.tunnel({ greets: true }))).destroy();
  expect(server.upgrades[0]?.headers['sec-websocket-extensions']).toBeUndefined();
  expect(server.upgrades.length).toBe(1);
});

test.each([1000, 1001])('close code %i is a normal end and is not reported', async (code) => {
  await using server = await serveTunnels({
    open: (socket) => {
      socket.send('all of it');
      socket.close(code);
    },
  });
  await using forwarder = await forwarderTo(server.tunnel());
  expect(await readPort(forwarder.port)).toEqual({ bytes: Buffer.from('all of it'), error: undefined });
  expect(forwarder.failures).toEqual([]);
});

test.each([1011, 1009, 3000])('close code %i resets that connection and is reported', async (code) => {
  await using server = await serveTunnels({
    open: (socket) => {
      socket.send('a part');
      socket.close(code);
    },
  });
  await using forwarder = await forwarderTo(server.tunnel());
  expect((await readPort(forwarder.port)).error).toBe('ECONNRESET');
  expect(forwarder.failures).toMatchObject([{ code: 'tunnel-lost', details: { closeCode: code } }]);
});

test('a connection to the manager that is lost resets that connection and is reported', async () => {
  await using server = await serveTunnels({
    open: (socket) => socket.send('a part', () => socket.terminate()),
  });
  await using forwarder = await forwarderTo(server.tunnel());
  expect((await readPort(forwarder.port)).error).toBe('ECONNRESET');
  expect(forwarder.failures).toMatchObject([{ code: 'tunnel-lost', details: { closeCode: 1006 } }]);
});

test('an app that never listens is given up, and says so', async () => {
  await using server = await serveTunnels({ open: (socket) => socket.close(1013) });
  const failed = dialOf(server.tunnel({ patienceMs: 300 }));
  await expect(failed).rejects.toMatchObject({ code: 'app-not-listening', exitCode: 5 });
  expect(server.upgrades.length).toBeGreaterThan(2);
});

test('an sshd that hangs up before its greeting is tried again', async () => {
  await using server = await serveTunnels({
    open: (socket, number) => (number < 4 ? socket.close(1001) : socket.send('SSH-2.0-late\r\n')),
  });
  (await dialOf(server.tunnel({ greets: true }))).destroy();
  expect(server.upgrades.length).toBe(4);
});

test('a dial that has to wait says once why, and for how long at most', async () => {
  await using server = await serveTunnels({
    open: (socket, number) => (number < 4 ? socket.close(1013) : socket.send('SSH-2.0-late\r\n')),
  });
  const told: string[] = [];
  const onWait = (message: string): void => void told.push(message);
  (await dialOf(server.tunnel({ greets: true, quietMs: 0, onWait }))).destroy();
  expect(told).toEqual(['the sshd of demo does not listen yet; it is tried for 8 s']);
  (await dialOf(server.tunnel({ greets: true, onWait }))).destroy();
  expect(told).toHaveLength(1);
});

test('an sshd that accepts and says nothing is given up, and says so', async () => {
  await using server = await serveTunnels({ open: () => {} });
  const failed = dialOf(server.tunnel({ greets: true, patienceMs: 300 }));
  await expect(failed).rejects.toMatchObject({ code: 'sshd-not-greeting', exitCode: 5 });
  await until(() => server.clients.size === 0, 'its connections are closed');
});

test('an app that waits for its client to speak first is joined at once', async () => {
  await using server = await serveTunnels({
    open: (socket) => socket.on('message', (data: Buffer) => socket.send(`you said ${data.toString()}`)),
  });
  const stream = await dialOf(server.tunnel());
  stream.write('hi');
  expect(String((await once(stream, 'data'))[0])).toBe('you said hi');
  stream.destroy();
});

test('no more than four of the dials to sshd are on their way at once, and the rest follow', async () => {
  const accepted = deferred();
  const greet = deferred();
  let most = 0;
  await using server = await serveTunnels({
    open: (socket, number) => {
      most = Math.max(most, number);
      if (number === 4) accepted.resolve();
      void greet.promise.then(() => socket.send('SSH-2.0-test\r\n'));
    },
  });
  const tunnel = server.tunnel({ greets: true });
  const dials = Array.from({ length: 20 }, () => dialOf(tunnel));
  await accepted.promise;
  await new Promise((resolve) => setImmediate(resolve));
  expect(server.upgrades.length).toBe(4);
  greet.resolve();
  for (const stream of await Promise.all(dials)) stream.destroy();
  expect(most).toBe(20);
});

test('a dial that is aborted leaves no connection, whether it waits for the upgrade, a greeting or its turn', async () => {
  await using silent = await serveTunnels({ open: () => {} });
  const tunnel = silent.tunnel({ greets: true });
  const leaving = new AbortController();
  const dials = Array.from({ length: 6 }, () => dialOf(tunnel, leaving.signal));
  await until(() => silent.clients.size === 4, 'four are open');
  leaving.abort(new Error('left'));
  const outcomes = await Promise.allSettled(dials);
  expect(outcomes.map(({ status }) => status)).toEqual(Array(6).fill('rejected'));
  await until(() => silent.clients.size === 0, 'all are closed');

  const held = deferred();
  await using slow = await serveTunnels({ refuse: () => held.resolve() });
  const again = new AbortController();
  const dial = dialOf(slow.tunnel(), again.signal);
  await held.promise;
  again.abort(new Error('left'));
  await expect(dial).rejects.toThrow('left');
});

test('a manager keeps its connection to sshd for minutes when a WebSocket just ends: each one says farewell first', async () => {
  const [codes, upgraded] = [new Map<number, number>(), deferred()];
  await using server = await serveTunnels({
    ready: upgraded.promise,
    open(socket, number) {
      socket.once('close', (code) => codes.set(number, code));
      if (number === 3) socket.send('SSH-2.0-test\r\n');
    },
  });
  const tunnel = server.tunnel({ greets: true });
  const leaving = new AbortController();
  const upgrading = dialOf(tunnel, leaving.signal);
  await until(() => server.upgrades.length === 1, 'the upgrade is on its way');
  leaving.abort(new Error('left'));
  await expect(upgrading).rejects.toThrow('left');
  upgraded.resolve();
  await until(() => codes.size === 1, 'it is closed');

  const leavingAgain = new AbortController();
  const greeting = dialOf(tunnel, leavingAgain.signal);
  await until(() => server.clients.size === 1, 'it is open');
  leavingAgain.abort(new Error('left'));
  await expect(greeting).rejects.toThrow('left');
  (await dialOf(tunnel)).destroy();
  await until(() => codes.size === 3, 'all are closed');
  expect([...codes.values()]).toEqual([1005, 1005, 1005]);
});

test('a manager that answers no farewell is not waited for', async () => {
  await using server = await serveTunnels({
    open(socket) {
      socket.send('SSH-2.0-test\r\n');
      socket.pause();
    },
  });
  const stream = await dialOf(server.tunnel({ greets: true }));
  const closed = once(stream, 'close');
  stream.destroy();
  await closed;
  for (const client of server.clients) client.resume();
});

test('a refused upgrade never puts an HTTP page into the stream', async () => {
  const page =
    'HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<h1>broken</h1>';
  await using server = await serveTunnels({ refuse: (socket) => void socket.write(page) });
  const tunnel = server.tunnel();
  await using forwarder = await forwarderTo(tunnel);
  expect(await readPort(forwarder.port)).toEqual({ bytes: Buffer.alloc(0), error: 'ECONNRESET' });
  expect(forwarder.failures.length).toBe(1);
  expect(tunnel.explained[0]?.[0]).toBeInstanceOf(UpgradeRefused);
  expect(tunnel.explained[0]?.[1]?.statusCode).toBe(502);
});

test('a redirect is not followed', async () => {
  const redirect = 'HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n';
  await using server = await serveTunnels({ refuse: (socket) => void socket.write(redirect) });
  const tunnel = server.tunnel();
  await expect(dialOf(tunnel)).rejects.toThrow();
  expect(server.upgrades.length).toBe(1);
  expect(tunnel.explained[0]?.[1]?.statusCode).toBe(302);
});

test('a port on which nobody listens is explained, not reset into silence', async () => {
  const server = await serveTunnels({});
  const tunnel = server.tunnel();
  await server[Symbol.asyncDispose]();
  await expect(dialOf(tunnel)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(tunnel.explained.length).toBe(1);
});

async function forwarderTo(tunnel: WatchedTunnel) {
  const failures: unknown[] = [];
  const forwarder = await startForwarder({
    tunnel,
    isSsh: false,
    host: '127.0.0.1',
    preferredPort: undefined,
    strict: false,
    onConnectionFailed: (error) => void failures.push(error),
  });
  return Object.assign(forwarder, { failures });
}
