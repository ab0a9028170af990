/**
 * The managers contract tests run against: the emulator as two releases, and genuine ones when there are any. Environment
 * variables choose among them: `BAI_TEST_ONE_RELEASE=1` takes the newest emulated release alone, `BAI_TEST_MANAGERS` names a JSON
 * file with genuine ones, `BAI_TEST_GENUINE_ONLY=1` takes no emulated one.
 */

import { readFileSync } from 'node:fs';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { defaultAccount } from '../../src/emulator/model/accounts.ts';
import { tempFolder } from './temp-folder.ts';

export interface TestManager extends AsyncDisposable {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** An image every session of the tests can be made from. */
  readonly image: string;
  /** Environment variables for the command line. */
  readonly env: Readonly<Record<string, string>>;
  /** How many tunnels are open now, and SSH connections of sessions; an emulator's alone can be counted. */
  readonly tunnels?: () => number;
}

export interface ManagerKind {
  readonly name: string;
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
}

/** Both ends of what bai supports. */
export function managerKinds(): ManagerKind[] {
  return kindsOf(['26.9.6', '23.09.10'], genuineManagers());
}

/** The same, signed in with an account whose keypair may be changed, and a release in between that takes fewer forms of keys. */
export function spareAccountKinds(): ManagerKind[] {
  const genuine = genuineManagers().flatMap((each) =>
    each.spare === undefined ? [] : [{ ...each, ...each.spare }],
  );
  return kindsOf(['26.9.6', '25.15.12', '23.09.10'], genuine);
}

function genuineManagers(): GenuineManager[] {
  const path = process.env['BAI_TEST_MANAGERS'];
  return path ? JSON.parse(readFileSync(path, 'utf8')) : [];
}

function kindsOf(releases: readonly string[], genuine: readonly GenuineManager[]): ManagerKind[] {
  return [
    ...emulatedOf(releases).map((release) => ({
      name: `emulator ${release}`,
      isGenuine: false,
      release,
      hasClusters: true,
      open: () => openEmulator(release),
    })),
    ...genuine.map((each) => ({
      name: `genuine ${each.name}`,
      isGenuine: true,
      release: each.release,
      hasClusters: each.clusters !== false,
      openSshEnvironment: each.openSshEnvironment,
      open: async () => described(each, async () => {}),
    })),
  ];
}

function emulatedOf(releases: readonly string[]): readonly string[] {
  if (process.env['BAI_TEST_GENUINE_ONLY'] === '1') return [];
  return process.env['BAI_TEST_ONE_RELEASE'] === '1' ? releases.slice(0, 1) : releases;
}

async function openEmulator(release: string): Promise<TestManager> {
  const homes = tempFolder();
  const emulator = await startEmulator({
    release,
    homesRoot: homes.path,
    stepDelayMs: 20,
    // As managers give it to the accounts they make.
    accounts: [{ ...defaultAccount, sshKeypair: 'made' }],
  });
  return described(
    {
      ...emulator,
      endpoint: emulator.endpoint,
      accessKey: emulator.accessKey,
      secretKey: emulator.secretKey,
      image: 'python:3.11',
      tunnels: () => {
        const sessions = emulator.sessions.all();
        return emulator.openTunnels + sessions.reduce((sum, { sshConnections }) => sum + sshConnections, 0);
      },
    },
    async () => {
      const unknown = emulator.unknownRoutes;
      await emulator[Symbol.asyncDispose]();
      homes[Symbol.dispose]();
      if (unknown.length > 0)
        throw new Error(`bai called routes the emulator does not know: ${unknown.join(', ')}`);
    },
  );
}

type Facts = Pick<TestManager, 'endpoint' | 'accessKey' | 'secretKey' | 'image' | 'tunnels'>;

function described(facts: Facts, close: () => Promise<void>): TestManager {
  const { endpoint, accessKey, secretKey, image, tunnels } = facts;
  return {
    ...{ endpoint, accessKey, secretKey, image },
    ...(tunnels && { tunnels }),
    env: { BACKEND_ENDPOINT: endpoint, BACKEND_ACCESS_KEY: accessKey, BACKEND_SECRET_KEY: secretKey },
    [Symbol.asyncDispose]: close,
  };
}
