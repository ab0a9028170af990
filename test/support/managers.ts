/**
 * The managers contract tests run against: the emulator as two releases, and genuine ones when there are any. Environment
 * variables choose among them: `BAI_TEST_ONE_RELEASE=1` takes the newest emulated release alone, `BAI_TEST_MANAGERS` names a JSON
 * file with genuine ones, `BAI_TEST_GENUINE_ONLY=1` takes no emulated one. `BAI_TEST_SIGN_IN=console` runs the same tests through
 * a web console, with a login by e-mail and password in place of a keypair.
 */

import { readFileSync } from 'node:fs';
import { type EmulatorOptions, startEmulator } from '../../src/emulator/emulator.ts';
import { defaultAccount } from '../../src/emulator/model/accounts.ts';
import { type ConsoleAccess, logIn, loginEnvironment, logOut } from './consoles.ts';
import { tempFolder } from './temp-folder.ts';

export interface TestManager extends AsyncDisposable {
  /** Of the manager, or of the web console where one signs in there. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** An image every session of the tests can be made from. */
  readonly image: string;
  /** Environment variables for the command line. */
  readonly env: Readonly<Record<string, string>>;
  /** How many tunnels are open now, and SSH connections of sessions; an emulator's alone can be counted. */
  readonly tunnels?: () => number;
  /** Every request so far, where they are written down. */
  readonly requests?: () => readonly { readonly method: string; readonly target: string }[];
}

/** With a keypair at the manager, or with a login at the web console before it. */
type SignInWay = 'keypair' | 'console';

export interface ManagerKind {
  readonly name: string;
  readonly signIn: SignInWay;
  readonly isGenuine: boolean;
  readonly release: string;
  /** Whether sessions can have several containers. */
  readonly hasClusters: boolean;
  /** What makes a session run OpenSSH's sshd instead of dropbear, where that can be chosen. */
  readonly openSshEnvironment?: string | undefined;
  open(): Promise<TestManager>;
}

interface GenuineManager {
  readonly name: string;
  readonly release: string;
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly image: string;
  /** False when its sessions have one container only. */
  readonly clusters?: boolean;
  readonly openSshEnvironment?: string | undefined;
  /** An account whose SSH keypair tests may change: managers have no way to take one away again. */
  readonly spare?: { readonly accessKey: string; readonly secretKey: string };
  /** Whether its resource group has an app proxy whose TCP ports can be reached from here. */
  readonly appProxy?: boolean;
  readonly console?: GenuineConsoleFacts;
}

interface GenuineConsoleFacts extends ConsoleAccess {
  /** How the spare account signs in. */
  readonly spare?: { readonly email: string; readonly password: string };
  /** An account that tests of logins may have to themselves; `program EMAIL STATE` makes it inactive and the like. */
  readonly changing?: { readonly email: string; readonly password: string; readonly program: string };
}

/** A genuine web console, and the account that its tests change. */
export interface GenuineConsole {
  readonly name: string;
  readonly release: string;
  readonly image: string;
  readonly endpoint: string;
  readonly changing: NonNullable<GenuineConsoleFacts['changing']>;
}

export function genuineConsoles(): GenuineConsole[] {
  return genuineManagers().flatMap(({ name, release, image, console: web }) =>
    web?.changing === undefined
      ? []
      : [{ name, release, image, endpoint: web.endpoint, changing: web.changing }],
  );
}

/** Both ends of what bai supports. */
export function managerKinds(): ManagerKind[] {
  return kindsOf(['26.9.6', '23.09.10'], genuineManagers(), usualWay());
}

/** The same, signed in with an account whose keypair may be changed, and a release in between that takes fewer forms of keys. */
export function spareAccountKinds(): ManagerKind[] {
  const genuine = genuineManagers().flatMap((each) => (each.spare === undefined ? [] : [asSpare(each)]));
  return kindsOf(['26.9.6', '25.15.12', '23.09.10'], genuine, usualWay());
}

/** Through a web console, whatever the other tests do; the older release is the oldest whose console was seen. */
export function consoleKinds(): ManagerKind[] {
  return kindsOf(['26.9.6', '24.09.14'], genuineManagers(), 'console');
}

/** With an app proxy beside the manager, signed in in both ways. */
export function appProxyKinds(): ManagerKind[] {
  const genuine = genuineManagers().filter(({ appProxy }) => appProxy === true);
  return (['keypair', 'console'] as const).flatMap((way) =>
    kindsOf(['26.9.6'], genuine, way, { appProxy: {} }),
  );
}

function usualWay(): SignInWay {
  return process.env['BAI_TEST_SIGN_IN'] === 'console' ? 'console' : 'keypair';
}

function asSpare(manager: GenuineManager): GenuineManager {
  const { console: web } = manager;
  const spare = { ...manager, ...manager.spare };
  return web === undefined ? spare : { ...spare, console: { ...web, ...web.spare } };
}

function genuineManagers(): GenuineManager[] {
  const path = process.env['BAI_TEST_MANAGERS'];
  return path ? JSON.parse(readFileSync(path, 'utf8')) : [];
}

function kindsOf(
  releases: readonly string[],
  genuine: readonly GenuineManager[],
  signIn: SignInWay,
  more: Partial<EmulatorOptions> = {},
): ManagerKind[] {
  const words = signIn === 'console' ? ', through its console' : '';
  const reached = genuine.filter((each) => signIn === 'keypair' || each.console !== undefined);
  return [
    ...emulatedOf(releases).map((release) => ({
      name: `emulator ${release}${words}`,
      signIn,
      isGenuine: false,
      release,
      hasClusters: true,
      open: () => openEmulator(release, signIn, more),
    })),
    ...reached.map((each) => ({
      name: `genuine ${each.name}${words}`,
      signIn,
      isGenuine: true,
      release: each.release,
      hasClusters: each.clusters !== false,
      openSshEnvironment: each.openSshEnvironment,
      open: () => opened(each, signIn === 'console' ? each.console : undefined, async () => {}),
    })),
  ];
}

function emulatedOf(releases: readonly string[]): readonly string[] {
  if (process.env['BAI_TEST_GENUINE_ONLY'] === '1') return [];
  return process.env['BAI_TEST_ONE_RELEASE'] === '1' ? releases.slice(0, 1) : releases;
}

async function openEmulator(
  release: string,
  signIn: SignInWay,
  more: Partial<EmulatorOptions>,
): Promise<TestManager> {
  const homes = tempFolder();
  const password = 'a-password-of-the-tests';
  const emulator = await startEmulator({
    release,
    homesRoot: homes.path,
    stepDelayMs: 20,
    // As managers give it to the accounts they make.
    accounts: [{ ...defaultAccount, sshKeypair: 'made', signIn: { password } }],
    ...(signIn === 'console' && { console: {} }),
    ...more,
  });
  const { console: web, endpoint, accessKey, secretKey } = emulator;
  const tunnels = () => {
    const sessions = emulator.sessions.all();
    return emulator.openTunnels + sessions.reduce((sum, { sshConnections }) => sum + sshConnections, 0);
  };
  const access = web && { endpoint: web.endpoint, email: defaultAccount.email, password };
  const requests = () => emulator.requests;
  const facts = { endpoint, accessKey, secretKey, image: 'python:3.11', tunnels, requests };
  return opened(facts, access, async () => {
    const unknown = [...emulator.unknownRoutes, ...(web?.unknownRoutes ?? [])];
    await emulator[Symbol.asyncDispose]();
    homes[Symbol.dispose]();
    if (unknown.length > 0)
      throw new Error(`bai called routes the emulator does not know: ${unknown.join(', ')}`);
  });
}

/** Of a keypair, for a command. */
export function keypairEnvironment({
  endpoint,
  accessKey,
  secretKey,
}: Pick<TestManager, 'endpoint' | 'accessKey' | 'secretKey'>): Readonly<Record<string, string>> {
  return { BACKEND_ENDPOINT: endpoint, BACKEND_ACCESS_KEY: accessKey, BACKEND_SECRET_KEY: secretKey };
}

type Facts = Pick<TestManager, 'endpoint' | 'accessKey' | 'secretKey' | 'image' | 'tunnels' | 'requests'>;

/** With a login of its own where there is a console to sign in to. */
async function opened(
  { endpoint, accessKey, secretKey, image, tunnels, requests }: Facts,
  access: ConsoleAccess | undefined,
  close: () => Promise<void>,
): Promise<TestManager> {
  const shown = { accessKey, secretKey, image, ...(tunnels && { tunnels }), ...(requests && { requests }) };
  if (access === undefined) {
    const env = keypairEnvironment({ endpoint, accessKey, secretKey });
    return { ...shown, endpoint, env, [Symbol.asyncDispose]: close };
  }
  const id = await logIn(access);
  return {
    ...shown,
    endpoint: access.endpoint,
    env: loginEnvironment(access.endpoint, id),
    async [Symbol.asyncDispose]() {
      await logOut(access.endpoint, id);
      await close();
    },
  };
}
