/** From a proxy on: CONNECT and SOCKS against servers that speak before anybody asked them. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { chooseProxy } from '../../src/net/proxy-choice.ts';
import { dialThrough } from '../../src/net/proxy-dial.ts';
import { microsocksMissing, startAnswering, startMicrosocks } from '../support/proxies.ts';
import { until } from '../support/until.ts';

const limits = { signal: new AbortController().signal, connectTimeoutMs: 5_000 };

async function dial(proxyUrl: string, target: { host: string; port: number }) {
  const proxy = chooseProxy({ http_proxy: proxyUrl }, new URL('http://a.test'));
  if (proxy === undefined) throw new Error('no proxy');
  return dialThrough({ proxy, target, limits });
}

test('bytes that come in one piece with the answer to CONNECT are read first', async () => {
  await using proxy = await startAnswering((first, socket) => {
    expect(first.toString()).toMatch(/^CONNECT \[fd00::1\]:2200 HTTP\/1\.1\r\nHost: \[fd00::1\]:2200\r\n/);
    socket.write('HTTP/1.1 200 Connection established\r\nX-More: yes\r\n\r\nSSH-2.0-first');
    socket.end(' and second');
  });
  const stream = await dial(`http://127.0.0.1:${proxy.port}`, { host: 'fd00::1', port: 2200 });
  let read = '';
  for await (const chunk of stream) read += String(chunk);
  expect(read).toBe('SSH-2.0-first and second');
});

test.each(['HTTP/1.0 200 OK', 'HTTP/1.1 201 Made', 'HTTP/1.1 200 '])('%j lets through', async (line) => {
  await using proxy = await startAnswering((_, socket) => socket.end(`${line}\r\n\r\nhello`));
  const stream = await dial(`http://127.0.0.1:${proxy.port}`, { host: 'a.test', port: 1 });
  const [first] = await once(stream, 'data');
  expect(String(first)).toBe('hello');
});

test.skipIf(microsocksMissing)('a server behind SOCKS that speaks first is heard whole', async () => {
  const server = createServer((socket) => void socket.end(`SSH-2.0-greeting${'.'.repeat(100_000)}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  await using proxy = await startMicrosocks();
  const stream = await dial(`socks5h://127.0.0.1:${proxy.port}`, { host: '127.0.0.1', port });
  let length = 0;
  for await (const chunk of stream) length += (chunk as Buffer).length;
  server.close();
  expect(length).toBe(100_016);
});

test('a SOCKS server whose answer comes byte by byte, with a greeting behind it, is understood', async () => {
  const answers: Record<string, readonly number[]> = {
    socks5h: [5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0],
    socks4a: [0, 90, 0, 0, 0, 0, 0, 0],
  };
  for (const [kind, answer] of Object.entries(answers)) {
    await using proxy = await startAnswering(
      (_, socket) => void trickle(socket, [...answer, ...Buffer.from('hi')]),
    );
    const stream = await dial(`${kind}://127.0.0.1:${proxy.port}`, { host: 'a.test', port: 1 });
    let read = '';
    for await (const chunk of stream) read += String(chunk);
    expect(read).toBe('hi');
  }
});

async function trickle(socket: Socket, bytes: readonly number[]): Promise<void> {
  socket.setNoDelay();
  for (const byte of bytes) {
    socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
}

test.each([
  [1, 'gets no connection to'],
  [2, 'does not let bai connect to'],
  [3, 'has no route to'],
  [4, 'does not reach'],
  [5, 'finds nothing that listens at'],
  [6, 'does not reach'],
  [7, 'makes no connection to'],
  [8, 'does not take the kind of address of'],
])('SOCKS 5 answer %d: it %s the manager', async (answer, words) => {
  await using proxy = await startAnswering((_, socket) => {
    socket.write(Buffer.from([5, 0]));
    socket.once('data', () => socket.end(Buffer.from([5, answer, 0, 1, 0, 0, 0, 0, 0, 0])));
  });
  await expect(dial(`socks5h://127.0.0.1:${proxy.port}`, { host: 'a.test', port: 7 })).rejects.toMatchObject({
    code: 'proxy-refused',
    message: `the proxy socks5h://127.0.0.1:${proxy.port} (http_proxy) ${words} a.test:7`,
  });
});

test.each([
  ['socks4a', [91]],
  ['socks4a', [93]],
])('%s answer %j is a refusal', async (kind, [answer = 0]) => {
  await using proxy = await startAnswering((_, socket) =>
    socket.end(Buffer.from([0, answer, 0, 0, 0, 0, 0, 0])),
  );
  await expect(dial(`${kind}://127.0.0.1:${proxy.port}`, { host: 'a.test', port: 7 })).rejects.toMatchObject({
    code: 'proxy-refused',
  });
});

test.each(['socks4', 'socks5'])('%s looks names up here: an unknown one is the manager’s', async (kind) => {
  await using proxy = await startAnswering(() => {});
  const failing = dial(`${kind}://127.0.0.1:${proxy.port}`, { host: 'no-such-manager.invalid', port: 7 });
  await expect(failing).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('no-such-manager.invalid'),
  });
});

test('a host name too long for SOCKS is refused, and nothing crashes', async () => {
  await using proxy = await startAnswering((_, socket) => void socket.write(Buffer.from([5, 0])));
  const failing = dial(`socks5h://127.0.0.1:${proxy.port}`, { host: `${'a'.repeat(300)}.test`, port: 7 });
  await expect(failing).rejects.toMatchObject({ code: 'proxy-refused' });
});

test('nothing stays open behind a dial that failed', async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    socket.once('data', () => void socket.write('HTTP/1.1 503 No\r\nContent-Length: 100000\r\n\r\nx'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  for (let count = 0; count < 20; count += 1)
    await dial(`http://127.0.0.1:${port}`, { host: 'a.test', port: 7 }).catch(() => {});
  const probe = connect(port, '127.0.0.1');
  await once(probe, 'connect');
  probe.destroy();
  await until(() => sockets.size === 0, 'every connection is closed');
  expect(sockets.size).toBe(0);
  server.close();
});
