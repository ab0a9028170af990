/** One running session on a manager, and a HOME of the test's own, for the tests that go inside sessions. */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/emulator.ts';
import { type BaiOptions, type BaiResult, bai, startBai, untilPrinted } from '../support/bai.ts';
import type { ManagerKind } from '../support/managers.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

export { freePort } from '../support/free-port.ts';
export { until } from '../support/until.ts';

type MoreOptions = Partial<BaiOptions>;

export interface Bed extends AsyncDisposable {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  bai(args: readonly string[], options?: MoreOptions): Promise<BaiResult>;
  start(args: readonly string[], options?: MoreOptions): ChildProcessWithoutNullStreams;
}

export interface SessionBed extends Bed {
  /** Name of the session. */
  readonly session: string;
  readonly id: string;
  /** Where they can be counted. */
  readonly tunnels?: (() => number) | undefined;
}

export interface EmulatorBed extends Bed {
  readonly emulator: Emulator;
  /** Creates a session, waits until it runs, and returns its id. */
  create(name: string, ...options: readonly string[]): Promise<string>;
}

let counter = 0;

export async function openSession(kind: ManagerKind, ...options: readonly string[]): Promise<SessionBed> {
  const manager = await kind.open();
  const folder = tempFolder();
  const bed = bedOf(folder, manager.env);
  counter += 1;
  const session = `app-${process.pid}-${counter}`;
  const id = await createSession(bed, manager.image, session, options);
  return {
    ...bed,
    session,
    id,
    tunnels: manager.tunnels,
    async [Symbol.asyncDispose]() {
      bed.endChildren();
      await bed.bai(['session', 'terminate', session]);
      await manager[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

export async function openEmulator(options: Partial<EmulatorOptions> = {}): Promise<EmulatorBed> {
  const folder = tempFolder();
  const homes = tempFolder();
  const emulator = await startEmulator({ homesRoot: homes.path, stepDelayMs: 5, ...options });
  const bed = bedOf(folder, {
    BACKEND_ENDPOINT: emulator.endpoint,
    BACKEND_ACCESS_KEY: emulator.accessKey,
    BACKEND_SECRET_KEY: emulator.secretKey,
  });
  return {
    ...bed,
    emulator,
    create: (name, ...options) => createSession(bed, 'python', name, options),
    async [Symbol.asyncDispose]() {
      bed.endChildren();
      await emulator[Symbol.asyncDispose]();
      for (const each of [folder, homes]) each[Symbol.dispose]();
    },
  };
}

function bedOf(folder: TempFolder, env: Readonly<Record<string, string>>) {
  const home = folder.path;
  const children = new Set<ChildProcessWithoutNullStreams>();
  const merge = (options: MoreOptions = {}): BaiOptions => ({
    home,
    ...options,
    env: { ...env, ...options.env },
  });
  return {
    home,
    env,
    bai: (args: readonly string[], options?: MoreOptions) => bai(args, merge(options)),
    start(args: readonly string[], options?: MoreOptions) {
      const child = startBai(args, merge(options));
      children.add(child);
      child.once('close', () => children.delete(child));
      return child;
    },
    /** A test that failed in the middle leaves what it started. */
    endChildren() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

async function createSession(
  bed: Pick<Bed, 'bai'>,
  image: string,
  name: string,
  options: readonly string[] = [],
): Promise<string> {
  const resources = ['-r', 'cpu=1', '-r', 'mem=256m'];
  const made = await bed.bai([
    'session',
    'create',
    image,
    '--name',
    name,
    ...resources,
    ...options,
    '--json',
  ]);
  if (made.code !== 0) throw new Error(`no session was made: ${made.stderr}`);
  const id = /"id":\s*"([^"]+)"/.exec(made.stdout)?.[1];
  if (id === undefined) throw new Error(`the new session has no id: ${made.stdout}`);
  return id;
}

export interface Forward extends AsyncDisposable {
  readonly port: number;
  readonly child: ChildProcessWithoutNullStreams;
  /** What it printed on stderr so far. */
  stderr(): string;
}

/** `bai app forward …`, once its port listens. Ended with SIGTERM. */
export function forward(bed: Bed, args: readonly string[], options?: MoreOptions): Promise<Forward> {
  return startForward(bed, ['app', 'forward', ...args], options);
}

/** Any command that prints a port and keeps it open. */
export async function startForward(
  bed: Bed,
  args: readonly string[],
  options?: MoreOptions,
): Promise<Forward> {
  const child = bed.start(args, options);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [, port] = await untilPrinted(child, 'stdout', /Port\s+(\d+)[\s\S]*\n/).catch((error: unknown) => {
    throw new Error(`${String(error)}; stderr: ${stderr}`);
  });
  return {
    port: Number(port),
    child,
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'close');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** Connects and sends nothing; errors are left to the test. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Connects, sends nothing, and reads to the end; a reset may come before the connection stands. */
export function readPort(port: number): ReturnType<typeof readAll> {
  return readAll(connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
}

/** Everything the other side sent, and how the connection ended. */
export async function readAll(
  socket: Socket,
): Promise<{ readonly bytes: Buffer; readonly error: string | undefined }> {
  const chunks: Buffer[] = [];
  let error: string | undefined;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', (reason: NodeJS.ErrnoException) => {
    error = reason.code;
  });
  socket.on('end', () => socket.end());
  await new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
  return { bytes: Buffer.concat(chunks), error };
}

/** The next so many bytes, or fewer when the connection ends before; the socket is paused afterwards. */
export function take(socket: Socket, bytes: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (): void => {
      socket.off('data', onData).off('end', done).off('close', done);
      socket.pause();
      resolve(Buffer.concat(chunks));
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= bytes) done();
    };
    for (const event of ['end', 'close']) socket.once(event, done);
    socket.on('data', onData);
    socket.resume();
  });
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Local addresses that listen on a port, as the kernel tells: `127.0.0.1`, `0.0.0.0`, or hexadecimal for IPv6. */
export function listenersOn(port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && fields[1]?.endsWith(`:${wanted}`))
      .map((fields) => dotted(fields[1]?.split(':')[0] ?? '')),
  );
}

function dotted(hex: string): string {
  if (hex.length !== 8) return hex;
  const bytes = Buffer.from(hex, 'hex').reverse();
  return bytes.join('.');
}

/** Ids of the processes that a process started and that still run. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(join('/proc', pid, 'stat'), 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** All files below a folder, hidden ones included. */
export function filesIn(folder: string, below = ''): string[] {
  // Step by step: the recursive `readdirSync` of Node 22 and later follows links.
  return readdirSync(join(folder, below), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(below, entry.name);
      return entry.isDirectory() ? filesIn(folder, path) : [path];
    })
    .sort();
}
