/** A session `demo` behind the embedded manager whose sshd is the manager's own or a real one. */

import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { sshServers, type TestSshd } from '../support/sshd.ts';

export const regressServers: readonly RegressServer[] = [
  { name: 'the embedded manager', missing: undefined, start: undefined },
  ...sshServers,
];

export interface RegressServer {
  readonly name: string;
  /** Why it cannot be had here. */
  readonly missing: string | undefined;
  readonly start: (() => Promise<TestSshd>) | undefined;
}

export const clients = ['builtin', 'system'] as const;

export interface RegressBed extends AsyncDisposable {
  readonly bed: EmulatorBed;
  /** The home of the session. */
  readonly folder: string;
  /** Account and key, where they are not those that bai finds by itself. */
  readonly env: Readonly<Record<string, string>>;
}

export async function openRegress({ start }: Pick<RegressServer, 'start'>): Promise<RegressBed> {
  const bed = await openEmulator();
  await bed.create('demo');
  const session = bed.emulator.sessions.get('demo');
  const server = await start?.();
  let env = {};
  if (server !== undefined) {
    session.addApp({ name: 'sshd', protocol: 'tcp', containerPort: 2200, hostPort: server.port });
    env = { BAI_USER: server.user, BAI_IDENTITY: server.privateKeyPath };
  }
  // ssh of the system says so when it saves the key.
  await bed.bai(['ssh', 'demo', '--client', 'system', '--', 'true'], { env });
  return {
    bed,
    env,
    folder: server?.home ?? session.home ?? '',
    async [Symbol.asyncDispose]() {
      await bed[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    },
  };
}

/** In the title of what is left out. */
export function why(missing: string | undefined): string {
  return missing === undefined ? '' : ` (${missing})`;
}
