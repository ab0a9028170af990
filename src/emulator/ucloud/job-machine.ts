/** What a job runs in: a home, and an SSH server that lets in whoever had a key when it began. */

import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import ssh2 from 'ssh2';
import { makeFolder } from '../../files/make-folder.ts';
import { type Home, makePlainHome, removeHome } from '../machine/home.ts';
import { openSshd, type Sshd } from '../machine/sshd.ts';
import { makeTmuxFolder, removeTmuxFolder } from '../machine/tmux-folder.ts';
import type { FaultBook } from '../model/faults.ts';
import type { Job } from './job.ts';

export interface JobMachineDeps {
  readonly homesRoot: string;
  readonly faults: FaultBook;
  /** Lines of everybody who may log in, as they are now. */
  keys(): readonly string[];
}

/** Where users believe their home to be. */
const shownHome = '/home/ucloud';
const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

export class JobMachine implements AsyncDisposable {
  readonly user = 'ucloud';
  readonly #job: Job;
  readonly #deps: JobMachineDeps;
  /** Of this start; another one has another. */
  #port: number | undefined;
  #hostKey: string | undefined;
  #home: string | undefined;
  #tmux: string | undefined;
  #sshd: Sshd | undefined;
  #hasKeys = false;

  constructor(job: Job, deps: JobMachineDeps) {
    this.#job = job;
    this.#deps = deps;
  }

  /** The real path of the home, from the time the job has run. */
  get home(): string | undefined {
    return this.#home;
  }

  /** SSH connections that are open now, logged in or not. */
  get sshConnections(): number {
    return this.#sshd?.connections ?? 0;
  }

  get isListening(): boolean {
    return this.#sshd !== undefined;
  }

  /** A port that nothing listens on yet, and none it has had before. */
  async assignPort(): Promise<number> {
    const before = this.#port;
    do this.#port = await freePort();
    while (this.#port === before);
    return this.#port;
  }

  /** Copies the keys, for good: one that is added later does not get in. */
  async begin(): Promise<void> {
    const lines = this.#deps.keys();
    this.#hasKeys = lines.length > 0;
    const authorizedKeys = lines.length === 0 ? undefined : lines.map((line) => `${line}\n`).join('');
    if (this.#home !== undefined) {
      const file = join(this.#home, '.ssh', 'authorized_keys');
      await writeFile(file, authorizedKeys ?? '', { mode: 0o600 });
      return;
    }
    this.#tmux = await makeTmuxFolder();
    this.#home = await makePlainHome({
      ...{ root: this.#deps.homesRoot, folder: `job-${this.#job.id}`, authorizedKeys },
      prompt: `ucloud@j-${this.#job.id}-job-0:\\w\\$ `,
    });
    for (const folder of mounted(this.#job)) await makeFolder(join(this.#home, 'work', folder));
  }

  async openSshd(): Promise<void> {
    const folder = this.#home;
    if (folder === undefined || this.#sshd !== undefined) return;
    this.#hostKey ??= await makeHostKey();
    const hostKey = this.#hostKey;
    const { hasSftp = true } = this.#job.spec.application;
    const home: Home = { folder, path: shownHome };
    this.#sshd = await onceFree(() =>
      openSshd({
        ...{ user: this.user, home, hostKey, environment: this.#environment() },
        behaviour: { sshIdent: 'OpenSSH_9.6', longestCommand: 1 << 17, hasSftp },
        ...{ faults: this.#deps.faults, maxUnauthenticated: 10 },
        reach: (host, port) => (loopback.has(host) ? port : undefined),
        ...(this.#port !== undefined && { port: this.#port }),
      }),
    );
  }

  /** Nothing listens any more; what runs in its connections is ended. */
  async closeSshd(): Promise<void> {
    await this.#sshd?.[Symbol.asyncDispose]();
    this.#sshd = undefined;
  }

  /** From the next start of its server on. */
  forgetHostKey(): void {
    this.#hostKey = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeSshd();
    if (this.#tmux !== undefined) await removeTmuxFolder(this.#tmux);
    if (this.#home !== undefined) await removeHome(this.#home);
    this.#tmux = undefined;
    this.#home = undefined;
  }

  #environment(): Readonly<Record<string, string>> {
    const address = this.#hasKeys ? { UCLOUD_PUBLIC_SSH: `127.0.0.1:${this.#port}` } : {};
    return {
      UCLOUD_JOB_ID: String(this.#job.id),
      ...address,
      ...(this.#tmux && { TMUX_TMPDIR: this.#tmux }),
    };
  }
}

/** Names below `work` in the home, where UCloud has them at the root of the container. */
function mounted({ spec }: Job): string[] {
  return (spec.resources ?? []).flatMap((resource) => {
    const path = 'path' in resource ? String(resource.path) : '';
    return (
      path
        .split('/')
        .filter((part) => part !== '' && part !== '..' && part !== '.')
        .at(-1) ?? []
    );
  });
}

/**
 * Below the ports that systems hand out for outgoing connections: a client that tries one of those again and again before
 * anything listens may get through to itself.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) return port;
  }
}

/** It is told before it is listened on: whoever has it meanwhile leaves it again. */
async function onceFree(open: () => Promise<Sshd>): Promise<Sshd> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await open();
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!isTaken || tried >= mostTries) throw error;
      await wait(100);
    }
  }
}

const mostTries = 100;

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Ed25519, as the images of UCloud have it. */
function makeHostKey(): Promise<string> {
  return new Promise((resolve, reject) => {
    ssh2.utils.generateKeyPair('ed25519', (error, pair) => (error ? reject(error) : resolve(pair.private)));
  });
}
