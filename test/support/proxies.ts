/** Proxies for tests: tinyproxy and microsocks as they are, ssh's dynamic forward, and small ones that misbehave. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import type { Certificate } from './certificate.ts';
import { startSshd } from './sshd.ts';
import { tempFolder } from './temp-folder.ts';

export interface TestProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections it has taken. */
  readonly connections: number;
}

const isMissing = (program: string): boolean =>
  spawnSync(program, ['-h'], { stdio: 'ignore' }).error !== undefined;

export const tinyproxyMissing = isMissing('tinyproxy');
export const microsocksMissing = isMissing('microsocks');

export interface ProxyLogin {
  readonly user: string;
  readonly password: string;
}

/** A plain HTTP proxy, with CONNECT to every port. */
export async function startTinyproxy(login?: ProxyLogin): Promise<TestProxy> {
  const folder = tempFolder();
  const file = join(folder.path, 'tinyproxy.conf');
  return startProgram(folder, (port) => {
    const lines = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 60', 'MaxClients 100', 'LogLevel Critical'];
    if (login !== undefined) lines.push(`BasicAuth ${login.user} ${login.password}`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    return ['tinyproxy', '-d', '-c', file];
  });
}

/** SOCKS 5 alone. */
export function startMicrosocks(login?: ProxyLogin): Promise<TestProxy> {
  const more = login === undefined ? [] : ['-u', login.user, '-P', login.password];
  return startProgram(tempFolder(), (port) => ['microsocks', '-i', '127.0.0.1', '-p', String(port), ...more]);
}

/** SOCKS 4, 4a and 5: what `ssh -D` has. */
export async function startSshSocks(): Promise<TestProxy> {
  const sshd = await startSshd();
  const proxy = await startProgram(tempFolder(), (port) => [
    ...['ssh', '-F', 'none', '-N', '-p', String(sshd.port), '-i', sshd.privateKeyPath],
    ...[
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'ExitOnForwardFailure=yes',
    ],
    ...['-D', `127.0.0.1:${port}`, `${sshd.user}@127.0.0.1`],
  ]);
  return {
    ...proxy,
    get connections() {
      return proxy.connections;
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
    },
  };
}

/** The program behind a counter: some tell nobody who came. */
async function startProgram(
  folder: Disposable,
  command: (port: number) => readonly string[],
): Promise<TestProxy> {
  const { port, child } = await startOnFreePort(command);
  const counter = await listenOn(createServer((near) => joinSockets(near, connect(port, '127.0.0.1'))));
  return {
    port: counter.port,
    get connections() {
      return counter.connections;
    },
    async [Symbol.asyncDispose]() {
      await counter[Symbol.asyncDispose]();
      const gone = once(child, 'close');
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await gone;
      }
      folder[Symbol.dispose]();
    },
  };
}

async function startOnFreePort(
  command: (port: number) => readonly string[],
): Promise<{ port: number; child: ChildProcess }> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const port = randomInt(15_000, 32_000);
    const [program = '', ...args] = command(port);
    const child = spawn(program, args, { stdio: 'ignore' });
    child.on('error', () => {});
    for (let waited = 0; waited < 400 && child.exitCode === null; waited += 1) {
      if (await listens(port)) return { port, child };
      await delay(25);
    }
    child.kill('SIGKILL');
  }
  throw new Error(`${command(0)[0]} did not start`);
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Everything to and from the port goes through TLS first. */
export function startTlsFront(port: number, { key, cert }: Certificate): Promise<TestProxy> {
  return listenOn(createTlsServer({ key, cert }, (near) => joinSockets(near, connect(port, '127.0.0.1'))));
}

/** A server of a test's own that answers the first bytes of each connection. */
export function startAnswering(answer: (first: Buffer, socket: Socket) => void): Promise<TestProxy> {
  return listenOn(
    createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (first: Buffer) => answer(first, socket));
    }),
  );
}

async function listenOn(server: Server): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function joinSockets(near: Socket, far: Socket): void {
  near.on('error', () => far.destroy());
  far.on('error', () => near.destroy());
  near.on('close', () => far.destroy());
  far.on('close', () => near.destroy());
  near.pipe(far);
  far.pipe(near);
}
