/** Web consoles that tests sign in to: one of their own, and what a login makes of the environment of a command. */

import type { ConsoleOptions, EmulatedConsole } from '../../src/emulator/console/console.ts';
import { totpCode } from '../../src/emulator/console/totp.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/emulator.ts';
import { defaultAccount, type SignIn } from '../../src/emulator/model/accounts.ts';
import { tempFolder } from './temp-folder.ts';
import { until } from './until.ts';

/** What somebody types who signs in. */
export interface ConsoleAccess {
  readonly endpoint: string;
  readonly email: string;
  readonly password: string;
  /** A code that counts for a while, of an account that has to give one. */
  readonly otp?: (() => Promise<string>) | undefined;
}

/** Base32, for accounts that have to give a code. */
export const totpSecret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

/** The code of a secret. Where the moment's one is about to be replaced, and may come too late, the next one is waited for. */
export async function lastingCode(secret: string): Promise<string> {
  await until(() => Date.now() % 30_000 < 20_000, 'a code counts for a while', 60_000);
  return totpCode(secret, Date.now());
}

/** A login of its own; its id. */
export async function logIn({ endpoint, email, password, otp }: ConsoleAccess): Promise<string> {
  const fields = { username: email, password, ...(otp && { otp: await otp() }) };
  const reply = await fetch(`${endpoint}/server/login`, { method: 'POST', body: JSON.stringify(fields) });
  const text = await reply.text();
  const id = reply.headers.get('x-backendai-sessionid');
  // An id is handed out with refusals too.
  if (id === null || !/"authenticated":\s*true/.test(text)) {
    throw new Error(`${email} could not sign in: ${reply.status} ${text}`);
  }
  return id;
}

export async function logOut(endpoint: string, id: string): Promise<void> {
  await fetch(`${endpoint}/server/logout`, { method: 'POST', headers: { 'X-BackendAI-SessionID': id } });
}

/** With which a command takes this login. */
export function loginEnvironment(endpoint: string, id: string): Readonly<Record<string, string>> {
  return { BACKEND_ENDPOINT: endpoint, BAI_ENDPOINT_TYPE: 'session', BAI_LOGIN_ID: id };
}

interface OpenConsole {
  readonly release?: string;
  /** How the account signs in; by its password alone when left out. */
  readonly signIn?: Partial<SignIn>;
  readonly console?: ConsoleOptions;
  readonly emulator?: Partial<EmulatorOptions>;
}

export interface OpenedConsole extends ConsoleAccess, AsyncDisposable {
  readonly emulator: Emulator;
  readonly console: EmulatedConsole;
  /** Makes a login, and gives the environment that takes it. */
  env(): Promise<Readonly<Record<string, string>>>;
}

/** An emulator with a console before it, of the test's own. */
export async function openConsole(options: OpenConsole = {}): Promise<OpenedConsole> {
  const homes = tempFolder();
  const signIn = { password: 'a-password-of-the-tests', ...options.signIn };
  const emulator = await startEmulator({
    homesRoot: homes.path,
    stepDelayMs: 5,
    ...(options.release !== undefined && { release: options.release }),
    accounts: [{ ...defaultAccount, signIn }],
    ...options.emulator,
    console: options.console ?? {},
  });
  const { console: webConsole } = emulator;
  if (webConsole === undefined) throw new Error('no console was started');
  const { totpSecret: secret } = signIn;
  const access = {
    endpoint: webConsole.endpoint,
    email: defaultAccount.email,
    password: signIn.password,
    ...(secret !== undefined && { otp: () => lastingCode(secret) }),
  };
  return {
    ...access,
    emulator,
    console: webConsole,
    env: async () => loginEnvironment(access.endpoint, await logIn(access)),
    async [Symbol.asyncDispose]() {
      await emulator[Symbol.asyncDispose]();
      homes[Symbol.dispose]();
    },
  };
}
