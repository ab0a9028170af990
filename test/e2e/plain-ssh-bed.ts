/** A session with a real SSH server in it, and a HOME in which `bai ssh-config install` has run. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { type BaiResult, cleanEnvironment, finished } from '../support/bai.ts';
import type { TestSshd } from '../support/sshd.ts';

export interface PlainSshBed extends AsyncDisposable {
  readonly bed: EmulatorBed;
  readonly server: TestSshd;
  /** OpenSSH takes the folder of its configuration from the password file, not from HOME: for `-F`. */
  readonly config: string;
  start(program: string, args: readonly string[]): ChildProcessWithoutNullStreams;
  run(program: string, args: readonly string[], input?: string | Uint8Array): Promise<BaiResult>;
  /** Puts the server in the place of the sshd of a new session; its id. */
  create(name: string, server?: TestSshd): Promise<string>;
  install(...more: string[]): Promise<BaiResult>;
}

/** The session is called `demo`. */
export async function openPlainSsh(startServer: () => Promise<TestSshd>): Promise<PlainSshBed> {
  const bed = await openEmulator();
  const server = await startServer();
  const config = join(bed.home, '.ssh', 'config');
  const children = new Set<ChildProcessWithoutNullStreams>();
  const start: PlainSshBed['start'] = (program, args) => {
    const child = spawn(program, args, {
      env: {
        ...cleanEnvironment({ home: bed.home, env: bed.env }),
        GIT_SSH_COMMAND: `ssh -F ${config}`,
        GIT_CONFIG_NOSYSTEM: '1',
      },
      cwd: bed.home,
    });
    children.add(child);
    child.once('close', () => children.delete(child));
    return child;
  };
  const plain: PlainSshBed = {
    bed,
    server,
    config,
    start,
    run(program, args, input) {
      const child = start(program, args);
      child.stdin.on('error', () => {});
      child.stdin.end(input);
      return finished(child);
    },
    async create(name, own = server) {
      const id = await bed.create(name);
      placeServer(bed, id, own);
      return id;
    },
    install: (...more) => bed.bai(['ssh-config', 'install', '--user', server.user, ...more]),
    async [Symbol.asyncDispose]() {
      // A test that failed in the middle leaves what it started.
      for (const child of children) child.kill('SIGKILL');
      await bed[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
  await plain.create('demo');
  const installed = await plain.install();
  if (installed.code !== 0) throw new Error(installed.stderr);
  return plain;
}

/** The session then hands out the key that the server lets in. */
export function placeServer(bed: EmulatorBed, id: string, server: TestSshd): void {
  const session = bed.emulator.sessions.get(id);
  session.addApp({ name: 'sshd', protocol: 'tcp', containerPort: 2200, hostPort: server.port });
  copyFileSync(server.privateKeyPath, join(session.home ?? '', 'id_container'));
}
