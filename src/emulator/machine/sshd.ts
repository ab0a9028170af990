/** A machine's SSH server: one account, public keys of the home's authorized_keys, algorithms like dropbear's. */

import { getCiphers } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import ssh2, { type AuthContext, type Connection } from 'ssh2';
import { usableCiphers } from '../../core/ssh/link-tuning.ts';
import type { FaultBook } from '../model/faults.ts';
import type { Home } from './home.ts';
import type { ShellProcess } from './shell-process.ts';
import { type Reach, serveForwarding } from './ssh-forwarding.ts';
import { serveRemoteForwarding } from './ssh-remote-forwarding.ts';
import { type SshBehaviour, serveSession } from './ssh-session.ts';

interface SshdRequest {
  /** The one account that logs in. */
  readonly user: string;
  readonly home: Home;
  /** As OpenSSH or PEM writes a private key; RSA or Ed25519. */
  readonly hostKey: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly behaviour: SshBehaviour;
  readonly faults: FaultBook;
  /** Connections beyond this many that have not logged in yet are closed before the banner. */
  readonly maxUnauthenticated: number;
  readonly reach: Reach;
  /** Any free one when left out. */
  readonly port?: number;
}

export interface Sshd extends AsyncDisposable {
  readonly port: number;
  readonly connections: number;
}

/** What the sessions' dropbear offers, as far as ssh2 has it. */
const algorithms = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp521',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp256',
    'diffie-hellman-group14-sha256',
  ],
  cipher: usableCiphers(['chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes256-ctr'], getCiphers()),
  hmac: ['hmac-sha1', 'hmac-sha2-256'],
  compress: ['none'],
} satisfies ssh2.Algorithms;

function algorithmsFor(hostKey: string): ssh2.Algorithms {
  const key = ssh2.utils.parseKey(hostKey);
  if (key instanceof Error) throw key;
  const isEd25519 = key.type === 'ssh-ed25519';
  return { ...algorithms, serverHostKey: isEd25519 ? ['ssh-ed25519'] : ['rsa-sha2-256', 'ssh-rsa'] };
}

/** Listens on 127.0.0.1 until it is disposed of; that also ends what runs in its connections. */
export async function openSshd(request: SshdRequest): Promise<Sshd> {
  const sockets = new Set<Socket>();
  const waiting = new Set<Socket>();
  const work = new Set<Promise<void>>();
  const ssh = new ssh2.Server({
    hostKeys: [request.hostKey],
    ident: request.behaviour.sshIdent,
    algorithms: algorithmsFor(request.hostKey),
  });
  const shells = new Set<ShellProcess>();
  const bySocketPort = new Map<number, Socket>();
  ssh.on('connection', (client, info) => {
    const socket = bySocketPort.get(info.port);
    const task = serveConnection(client, {
      ...request,
      started: (shell) => track(shells, shell),
      loggedIn: () => socket && waiting.delete(socket),
    });
    work.add(task);
    void task.finally(() => work.delete(task));
  });
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    if (waiting.size >= request.maxUnauthenticated) return void socket.destroy();
    const port = socket.remotePort ?? 0;
    for (const set of [sockets, waiting]) set.add(socket);
    bySocketPort.set(port, socket);
    socket.on('close', () => {
      for (const set of [sockets, waiting]) set.delete(socket);
      bySocketPort.delete(port);
    });
    if (!greetWrongly(socket, request.faults)) ssh.injectSocket(socket);
  });
  const port = await listen(server, request.port ?? 0);
  return {
    port,
    get connections() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      for (const shell of shells) shell.kill('SIGKILL');
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all(work);
    },
  };
}

function listen(server: Server, wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // A TCP server that listens always has an AddressInfo.
    server.listen(wanted, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** Lets a fault speak in place of sshd, or before it; true when sshd is not to see the connection. */
function greetWrongly(socket: Socket, faults: FaultBook): boolean {
  if (faults.take('sshd-silent') !== undefined) {
    socket.resume();
    return true;
  }
  if (faults.isSilentAt('key-exchange')) {
    socket.write('SSH-2.0-silent\r\n');
    socket.resume();
    return true;
  }
  const fault = faults.take('sshd-text');
  if (fault === undefined) return false;
  socket.write(fault.text);
  if (fault.thenClose !== true) return false;
  socket.end();
  socket.resume();
  return true;
}

/** Remembers a process until its whole group is gone: it may leave others behind in the background. */
function track(shells: Set<ShellProcess>, shell: ShellProcess): void {
  shells.add(shell);
  void shell.ended.then(() => {
    if (!shell.kill(0)) shells.delete(shell);
  });
}

interface ConnectionDeps extends SshdRequest {
  started(shell: ShellProcess): void;
  loggedIn(): void;
}

/** Resolves when the connection is gone and everything started in it has ended. */
async function serveConnection(client: Connection, deps: ConnectionDeps): Promise<void> {
  const tasks = new Set<Promise<void>>();
  const closing = new AbortController();
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  client.on('error', () => client.end());
  client.on('authentication', (context) => {
    if (!deps.faults.isSilentAt('login')) authenticate(context, deps);
  });
  client.on('ready', () => {
    deps.loggedIn();
    client.on('session', (accept) => {
      if (deps.faults.isSilentAt('channel')) return;
      const session = { ...deps, signal: closing.signal, disconnect: () => client.end() };
      tasks.add(serveSession(accept(), session));
    });
    serveForwarding(client, deps);
    serveRemoteForwarding(client, deps.faults);
  });
  await closed;
  closing.abort();
  await Promise.all(tasks);
}

/** In this very turn, as SSH servers do: what came after it is for who has logged in by then. */
function authenticate(context: AuthContext, account: Pick<SshdRequest, 'user' | 'home'>): void {
  if (mayEnter(context, account)) context.accept();
  else context.reject(['publickey']);
}

function mayEnter(context: AuthContext, { user, home }: Pick<SshdRequest, 'user' | 'home'>): boolean {
  if (context.method !== 'publickey' || context.username !== user) return false;
  const { key, signature, blob } = context;
  if (!isAuthorised(home.folder, key.data)) return false;
  // Without a signature the client only asks whether the key would do.
  if (signature === undefined || blob === undefined) return true;
  const parsed = ssh2.utils.parseKey(`${plainType(key.algo)} ${key.data.toString('base64')}`);
  return !(parsed instanceof Error) && parsed.verify(blob, signature, context.hashAlgo) === true;
}

/** Read at each login, so that a key a user adds works at once. */
function isAuthorised(home: string, key: Buffer): boolean {
  const lines = readKeys(join(home, '.ssh', 'authorized_keys'));
  const wanted = key.toString('base64');
  return lines.some((line) => !line.startsWith('#') && line.split(/\s+/).includes(wanted));
}

function readKeys(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function plainType(algorithm: string): string {
  return algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm;
}
