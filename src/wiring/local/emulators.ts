/** The platforms that `bai local up` starts on this machine: one line each. Every account is new, and no secret of it is known before. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ProviderName } from '../../core/settings/setting-parsers.ts';
import { type LocalProof, proofOf } from '../../providers/backend-ai/manager/local-proof.ts';
import type { LocalUpRequest } from '../../services/local/local-manager.ts';
import type { LocalEmulator } from '../../services/local/serve-local.ts';

type StartEmulator = (request: LocalUpRequest, homesRoot: string) => Promise<LocalEmulator>;

export const emulators: Readonly<Record<ProviderName, StartEmulator>> = {
  'backend.ai': startBackendAi,
  ucloud: startUcloud,
  rescale: startRescale,
};

/** Where the homes of its sessions are. */
export function homesRootOf(stateDir: string, provider: ProviderName): string {
  return join(stateDir, provider === 'backend.ai' ? 'local' : `local-${provider}`);
}

const newestRelease = '26.9.6';

async function startBackendAi(
  { port, release = newestRelease, console: wantsConsole }: LocalUpRequest,
  homesRoot: string,
): Promise<LocalEmulator> {
  const { startEmulator } = await import('../../emulator/emulator.ts');
  const keys = {
    accessKey: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretKey: randomSecret(),
  };
  // Short enough to be typed.
  const [email, password] = ['you@localhost', randomBytes(8).toString('hex')];
  const emulator = await startEmulator({
    ...{ homesRoot, release },
    ...(port !== undefined && { port }),
    accounts: [{ email, role: 'user', sshKeypair: 'made', ...keys, signIn: { password } }],
    prove: (challenge, at) => prove(keys.secretKey, challenge, at),
    ...(wantsConsole && { console: {} }),
  });
  const state = { ...nothing, ...keys, release, endpoint: emulator.endpoint };
  const { console: web } = emulator;
  return local(emulator, web ? { ...state, consoleEndpoint: web.endpoint, email, password } : state);
}

async function startUcloud({ port }: LocalUpRequest, homesRoot: string): Promise<LocalEmulator> {
  const { startUcloudEmulator } = await import('../../emulator/ucloud/emulator.ts');
  const { demoProject, demoUser } = await import('../../emulator/ucloud/demo.ts');
  let token = '';
  const emulator = await startUcloudEmulator({
    homesRoot,
    ...(port !== undefined && { port }),
    users: [{ ...demoUser, password: randomSecret() }],
    projects: [demoProject],
    prove: (challenge, at) => prove(token, challenge, at),
  });
  token = emulator.token;
  return local(emulator, { ...nothing, token, endpoint: emulator.endpoint });
}

async function startRescale({ port }: LocalUpRequest, homesRoot: string): Promise<LocalEmulator> {
  const { startRescaleEmulator } = await import('../../emulator/rescale/emulator.ts');
  const apiKey = randomSecret();
  const emulator = await startRescaleEmulator({
    homesRoot,
    ...(port !== undefined && { port }),
    accounts: [{ email: 'you@localhost', apiKey }],
    prove: (challenge, at) => prove(apiKey, challenge, at),
  });
  return local(emulator, { ...nothing, token: apiKey, endpoint: emulator.address });
}

const nothing = {
  ...{ accessKey: '', secretKey: '', token: '', release: '' },
  ...{ consoleEndpoint: '', email: '', password: '' },
} as const;

function randomSecret(): string {
  return randomBytes(20).toString('hex');
}

function local(emulator: AsyncDisposable, state: LocalEmulator['state']): LocalEmulator {
  return { state, [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose]() };
}

/** Shows a challenger that this process knows the secret. */
function prove(secret: string, challenge: string, port: number): LocalProof {
  const { pid } = process;
  return { pid, proof: proofOf(secret, { challenge, pid, port }) };
}
