/** Direct connections to SSH servers that are not there yet, say nothing, or hang up. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { InterruptedError } from '../../src/errors.ts';
import { createNetwork, type NetworkOptions } from '../../src/net/network.ts';
import { dialSsh, type SshDialOptions } from '../../src/net/ssh-dial.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

const { signal } = new AbortController();

function options(
  port: number,
  more: Partial<SshDialOptions> = {},
  network: Partial<NetworkOptions> = {},
): SshDialOptions {
  return {
    network: createNetwork({
      ...{ skipTlsVerify: false, connectTimeoutMs: 500, readTimeoutMs: 500, environment: {} },
      ...network,
    }),
    target: { host: '127.0.0.1', port },
    ...{ label: 'SSH server of job demo', patienceMs: 1_000, refusedHint: 'wait for it' },
    ...more,
  };
}

async function serve(
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<Server & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onConnection(socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(server, {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function firstOf(stream: Duplex): Promise<string> {
  const [data] = await once(stream, 'data');
  return String(data);
}

test('the greeting is still to be read, and both ways are open', async () => {
  await using server = await serve(0, (socket) => {
    socket.write('SSH-2.0-test\r\n');
    socket.on('data', (data) => socket.write(`heard ${data.toString()}`));
  });
  const stream = await dialSsh(options(portOf(server)), signal);
  expect(await firstOf(stream)).toBe('SSH-2.0-test\r\n');
  stream.write('hello');
  expect(await firstOf(stream)).toBe('heard hello');
  stream.destroy();
});

test('one that refuses connections at first is waited for', async () => {
  const port = await freePort();
  const dialled = dialSsh(options(port, { patienceMs: 20_000 }), signal);
  const early = await Promise.race([
    dialled.then(() => 'dialled'),
    new Promise((resolve) => setImmediate(resolve, 'not yet')),
  ]);
  expect(early).toBe('not yet');
  await using _server = await serve(port, (socket) => void socket.write('SSH-2.0-late\r\n'));
  expect(await firstOf(await dialled)).toBe('SSH-2.0-late\r\n');
});

test('one that hangs up before its greeting is tried again', async () => {
  let connections = 0;
  await using server = await serve(0, (socket) => {
    connections += 1;
    if (connections < 3) socket.destroy();
    else socket.write('SSH-2.0-third\r\n');
  });
  const stream = await dialSsh(options(portOf(server), { patienceMs: 20_000 }), signal);
  expect(await firstOf(stream)).toBe('SSH-2.0-third\r\n');
  expect(connections).toBe(3);
  stream.destroy();
});

test.each([
  ['refuses', undefined, 'app-not-listening', /refuses connections; it was tried for 1 s/],
  ['hangs up', (socket: Socket) => void socket.end(), 'sshd-not-greeting', /hangs up before its greeting/],
  ['is silent', (socket: Socket) => void socket.resume(), 'sshd-not-greeting', /says nothing within 1 s/],
])('one that %s for good is given up', async (_what, onConnection, code, words) => {
  const port = await freePort();
  await using _server = onConnection && (await serve(port, onConnection));
  await expect(dialSsh(options(port), signal)).rejects.toMatchObject({
    ...{ code, hint: 'wait for it', exitCode: 5, message: expect.stringMatching(words) },
  });
});

test('an unknown host is told as what it is', async () => {
  const target = { host: 'no-such-host.invalid', port: 22 };
  await expect(dialSsh(options(0, { target }), signal)).rejects.toMatchObject({
    ...{
      code: 'unreachable',
      message: expect.stringMatching(/no-such-host.invalid:22 \((ENOTFOUND|EAI_AGAIN)\)/),
    },
  });
});

test('an interrupt ends each of its waits', async () => {
  const port = await freePort();
  await using server = await serve(0, (socket) => void socket.resume());
  for (const each of [port, portOf(server)]) {
    const interrupt = new AbortController();
    const dialled = dialSsh(options(each, { patienceMs: 60_000 }), interrupt.signal);
    setImmediate(() => interrupt.abort(new InterruptedError()));
    await expect(dialled).rejects.toMatchObject({ code: 'interrupted' });
  }
  await until(async () => (await connectionsOf(server)) === 0, 'its connection is closed');
});

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
}

test('through a jump host where there is one', async () => {
  const targets: unknown[] = [];
  const dial: NetworkOptions['dial'] = (target) => {
    targets.push(target);
    const stream = new PassThrough();
    stream.write('SSH-2.0-behind\r\n');
    return stream;
  };
  const stream = await dialSsh(options(2417, {}, { dial }), signal);
  expect(targets).toEqual([{ host: '127.0.0.1', port: 2417 }]);
  expect(await firstOf(stream)).toBe('SSH-2.0-behind\r\n');
});

test('what the jump host says of its failure is told', async () => {
  const said = new Error('the jump host is away');
  const dial: NetworkOptions['dial'] = () =>
    new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }).destroy(
      Object.assign(said, { code: 'EHOSTUNREACH' }),
    );
  await expect(dialSsh(options(22, {}, { dial }), signal)).rejects.toMatchObject({ cause: said });
});
