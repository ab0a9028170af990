/** The door before a web app: plain sockets, a server of the test behind it. */

import { once } from 'node:events';
import {
  type IncomingMessage as Answered,
  createServer,
  type IncomingHttpHeaders,
  request,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Forwarder } from '../../src/core/ssh/forwarder.ts';
import { startForwarder } from '../../src/proxy/forwarder.ts';
import { readAll } from '../contract/app-bed.ts';

const secret = 'a-secret_of-the-test';
let app: Server;
let sockets: WebSocketServer;
let forwarder: Forwarder;
let dials = 0;

beforeAll(async () => {
  app = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk));
    request.on('end', () => response.end(`${request.method} ${request.url} ${Buffer.concat(body).length}`));
  });
  sockets = new WebSocketServer({ server: app });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  const { port } = app.address() as AddressInfo;
  forwarder = await startForwarder({
    tunnel: {
      async dial() {
        dials += 1;
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect');
        return socket;
      },
    },
    ...{ isSsh: false, gate: { secret }, host: '127.0.0.1', preferredPort: undefined, strict: false },
    onConnectionFailed() {},
  });
});

afterAll(async () => {
  await forwarder?.[Symbol.asyncDispose]();
  sockets?.close();
  app?.closeAllConnections();
  app?.close();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Over a connection of its own. */
async function ask(path: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
  const method = body === '' ? 'GET' : 'POST';
  const asked = request({ host: '127.0.0.1', port: forwarder.port, path, method, headers, agent: false });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [Answered];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode, headers: answer.headers, text: Buffer.concat(chunks).toString() };
}

const cookie = (): Record<string, string> => ({ cookie: `other=1; bai-${forwarder.port}=${secret}` });

test('the secret in the address becomes a cookie for this port alone, and leaves the address', async () => {
  const answer = await ask(`/lab/tree?a=1&bai-secret=${secret}&b=2`);
  expect(answer.status).toBe(302);
  expect(answer.headers.location).toBe('/lab/tree?a=1&b=2');
  const set = String(answer.headers['set-cookie']);
  expect(set).toContain(`bai-${forwarder.port}=${secret}; Path=/;`);
  expect(set).toMatch(/HttpOnly; SameSite=Lax/);
  expect(answer.headers['cache-control']).toBe('no-store');
});

test('with the cookie every request gets through, bodies and further ones on the connection too', async () => {
  expect((await ask('/one', cookie())).text).toBe('GET /one 0');
  const body = 'x'.repeat(300_000);
  expect((await ask('/two', cookie(), body)).text).toBe(`POST /two ${body.length}`);
});

test.each([
  ['nothing', {}],
  ['another secret', { cookie: `bai-PORT=${secret}x` }],
  ['the cookie of another port', { cookie: `bai-1=${secret}` }],
  ['an empty cookie', { cookie: 'bai-PORT=' }],
])('who shows %s is refused, and nothing of it gets to the app', async (_, headers: { cookie?: string }) => {
  const before = dials;
  const shown = headers.cookie?.replace('PORT', String(forwarder.port));
  const answer = await ask('/', shown === undefined ? {} : { cookie: shown });
  expect(answer.status).toBe(403);
  expect(answer.text).toContain('bai forward');
  expect(dials).toBe(before);
});

test('a wrong secret in the address, or a right one of a request that changes something, lets nobody in', async () => {
  expect((await ask('/?bai-secret=wrong')).status).toBe(403);
  expect((await ask(`/?bai-secret=${secret}`, {}, 'a')).status).toBe(403);
});

test('an address that begins with two slashes leads nowhere else', async () => {
  expect((await ask(`//example.com/?bai-secret=${secret}`)).headers.location).toBe('/example.com/');
});

test('a WebSocket gets through with the cookie, and not without', async () => {
  const url = `ws://127.0.0.1:${forwarder.port}/socket`;
  const socket = new WebSocket(url, { headers: cookie() });
  await once(socket, 'open');
  socket.send('hello');
  expect(String((await once(socket, 'message'))[0])).toBe('hello');
  socket.close();
  const refused = new WebSocket(url);
  const [error] = (await once(refused, 'error')) as [Error];
  expect(error.message).toContain('403');
});

test.each([
  ['TLS', Buffer.from([22, 3, 1, 2, 0, 1])],
  ['SSH', Buffer.from('SSH-2.0-x\r\n')],
  ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  ['a head without end', Buffer.from(`GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(20_000)}`)],
  ['a line break in the target', Buffer.from('GET /\rx HTTP/1.1\r\n\r\n')],
])('%s is hung up on', async (_, bytes) => {
  const before = dials;
  const socket: Socket = connect({ port: forwarder.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  socket.write(bytes);
  expect((await readAll(socket)).bytes.length).toBe(0);
  expect(dials).toBe(before);
});

test('a head that comes byte by byte is read as one that comes at once', async () => {
  const socket = connect({ port: forwarder.port, host: '127.0.0.1', noDelay: true });
  const head = `GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: bai-${forwarder.port}=${secret}\r\n\r\n`;
  for (const byte of head) {
    socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await readAll(socket)).bytes.toString()).toContain('GET /slow 0');
});

test('the end of what a client sends is told where it can be, and the answer comes all the same', async () => {
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
    let seen = 0;
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.length;
    });
    socket.on('end', () => socket.end(`${seen} bytes`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const dial = async (): Promise<Socket> => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  };
  const options = {
    isSsh: false,
    passesEnd: true,
    host: '127.0.0.1',
    preferredPort: undefined,
    strict: false,
  };
  await using open = await startForwarder({ tunnel: { dial }, ...options, onConnectionFailed() {} });
  const client = connect({ port: open.port, host: '127.0.0.1', allowHalfOpen: true });
  client.end(Buffer.alloc(200_000));
  expect((await readAll(client)).bytes.toString()).toBe('200000 bytes');
  server.close();
});
