/** A session whose sshd is a real server with the session's own home: what the manager reads is what the server goes by. */

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import type { BaiResult } from '../support/bai.ts';
import type { DropbearOptions, TestSshd } from '../support/sshd.ts';

export type StartDropbear = (options: Omit<DropbearOptions, 'runner'>) => Promise<TestSshd>;

export interface TrapBed extends AsyncDisposable {
  readonly bed: EmulatorBed;
  readonly server: TestSshd;
  /** Of the session `demo`. */
  readonly id: string;
  readonly home: string;
  /** In the folder of the user who runs bai. */
  here(...parts: string[]): string;
  /** In the session's home. */
  there(...parts: string[]): string;
  in(way: Way, options?: InOptions): Promise<BaiResult>;
}

interface InOptions {
  readonly command?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The commands that log in by themselves. */
export const ways = ['builtin', 'system', 'sftp'] as const;
export type Way = (typeof ways)[number];

/** The session is called `demo`, and its account `work`. */
export async function openTrap(start: StartDropbear): Promise<TrapBed> {
  const bed = await openEmulator();
  const id = await bed.create('demo');
  const home = bed.emulator.sessions.get(id).home ?? '';
  const server = await start({ home, account: 'work', shell: '/bin/bash' });
  serve(bed, id, server);
  return {
    ...{ bed, server, id, home },
    here: (...parts) => join(bed.home, ...parts),
    there: (...parts) => join(home, ...parts),
    in(way, { command = 'echo in', env = {} } = {}) {
      const ssh = ['ssh', 'demo', '--client', way, '--', command];
      return bed.bai(way === 'sftp' ? ['sftp', 'ls', 'demo:.'] : ssh, { env });
    },
    async [Symbol.asyncDispose]() {
      await bed[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Puts a server in the place of the session's sshd; the session hands out the key that it lets in. */
export function serve(bed: EmulatorBed, id: string, server: Pick<TestSshd, 'port' | 'privateKeyPath'>): void {
  const session = bed.emulator.sessions.get(id);
  session.addApp({ name: 'sshd', protocol: 'tcp', containerPort: 2200, hostPort: server.port });
  copyFileSync(server.privateKeyPath, join(session.home ?? '', 'id_container'));
}
