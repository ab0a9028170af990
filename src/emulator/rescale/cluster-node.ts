/** One machine of a job: a home with a folder `work` and an sshd, as this machine has them. */

import { randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Home, makePlainHome, removeHome } from '../machine/home.ts';
import { type ShellEnd, type ShellProcess, startShell } from '../machine/shell-process.ts';
import { openSshd, type Sshd } from '../machine/sshd.ts';
import { makeTmuxFolder, removeTmuxFolder } from '../machine/tmux-folder.ts';
import { makeKeypair } from '../model/accounts.ts';
import type { FaultBook } from '../model/faults.ts';

interface ClusterNodeRequest {
  readonly homesRoot: string;
  readonly jobId: string;
  /** Lines of authorized_keys; empty: nobody gets in. */
  readonly publicKey: string | undefined;
  readonly faults: FaultBook;
  /** Whether its SSH server moves files. */
  readonly hasSftp: boolean;
}

const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

export class ClusterNode implements AsyncDisposable {
  /** An account of its own, as each job has one. */
  readonly user = `uprod_${letters(5)}`;
  readonly id = letters(6);
  readonly startedAt = new Date();
  readonly #request: ClusterNodeRequest;
  #hostKey: string;
  #home: Home | undefined;
  #tmux: string | undefined;
  #sshd: Sshd | undefined;
  #silence: AsyncDisposable | undefined;
  #command: ShellProcess | undefined;
  /** Told before anybody listens there. */
  #port: number;

  /** With a home and without an sshd: nothing listens on its port yet. */
  static async start(request: ClusterNodeRequest): Promise<ClusterNode> {
    const [{ privateKey }, port] = await Promise.all([makeKeypair('pkcs1'), freePort()]);
    const node = new ClusterNode(request, { hostKey: privateKey, port });
    const folder = await makePlainHome({
      root: request.homesRoot,
      folder: `${request.jobId}-${node.id}`,
      prompt: `[${node.user}@ip-10-0-0-10 \\W]\\$ `,
      authorizedKeys: request.publicKey && `${request.publicKey.trim()}\n`,
    });
    node.#home = { folder, path: `/home/${node.user}` };
    node.#tmux = await makeTmuxFolder();
    await mkdir(join(folder, 'work'), { mode: 0o755 });
    return node;
  }

  private constructor(
    request: ClusterNodeRequest,
    { hostKey, port }: { readonly hostKey: string; readonly port: number },
  ) {
    this.#request = request;
    this.#hostKey = hostKey;
    this.#port = port;
  }

  get sshPort(): number {
    return this.#port;
  }

  /** The real path of the home. */
  get home(): string {
    return this.#home?.folder ?? '';
  }

  get sshConnections(): number {
    return this.#sshd?.connections ?? 0;
  }

  /** Runs the job's command in `work`, with what it prints in `process_output.log`, until it ends. */
  async run(command: string): Promise<ShellEnd | undefined> {
    if (this.#home === undefined) return undefined;
    this.#command = startShell({
      command: `cd work && exec > process_output.log 2>&1\n${command}\n`,
      user: this.user,
      home: this.#home,
      environment: this.#environment(),
    });
    this.#command.stdin.end();
    this.#command.stdout.resume();
    this.#command.stderr.resume();
    return this.#command.ended;
  }

  /** On the port that was told, unless another program has taken it meanwhile. */
  async listen(): Promise<void> {
    if (this.#home === undefined || this.#sshd !== undefined) return;
    const request = {
      user: this.user,
      home: this.#home,
      hostKey: this.#hostKey,
      environment: this.#environment(),
      behaviour: { sshIdent: 'OpenSSH_8.0', longestCommand: 128 * 1024, hasSftp: this.#request.hasSftp },
      faults: this.#request.faults,
      maxUnauthenticated: 10,
      reach: (host: string, port: number) => (loopback.has(host) ? port : undefined),
    };
    const sshd = await openSshd({ ...request, port: this.#port }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      return openSshd(request);
    });
    this.#sshd = sshd;
    this.#port = sshd.port;
  }

  /** As when the address is another machine's now. */
  async renewHostKey(): Promise<void> {
    await this.stopListening();
    this.#hostKey = (await makeKeypair('pkcs1')).privateKey;
    await this.listen();
  }

  /** What a firewall that drops packets comes to on loopback: whoever connects never hears a word. */
  async listenInSilence(): Promise<void> {
    this.#silence = await openSilence(this.#port);
  }

  /** Nothing listens on its port any more. */
  async stopListening(): Promise<void> {
    await this.#silence?.[Symbol.asyncDispose]();
    await this.#sshd?.[Symbol.asyncDispose]();
    this.#sshd = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#command?.kill('SIGKILL');
    await this.#command?.ended;
    await this.stopListening();
    if (this.#tmux !== undefined) await removeTmuxFolder(this.#tmux);
    if (this.#home !== undefined) await removeHome(this.#home.folder);
    this.#home = undefined;
  }

  #environment(): Readonly<Record<string, string>> {
    return {
      RESCALE_JOB_ID: this.#request.jobId,
      ...(this.#tmux !== undefined && { TMUX_TMPDIR: this.#tmux }),
    };
  }
}

/** Upper and lower case, as the platform's ids have them. */
export function letters(count: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  return Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)]).join('');
}

async function openSilence(port: number): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  await listenOn(server, port);
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await listenOn(server, 0);
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
