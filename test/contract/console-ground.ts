/** Web consoles for the tests of what they answer, and an account there that can become what a test needs. */

import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SignIn } from '../../src/emulator/model/accounts.ts';
import { compareReleases } from '../../src/emulator/model/release.ts';
import { withFileLock } from '../../src/files/lock.ts';
import {
  type ConsoleAccess,
  lastingCode,
  logIn,
  type OpenedConsole,
  openConsole,
  totpSecret,
} from '../support/consoles.ts';
import { type GenuineConsole, genuineConsoles } from '../support/managers.ts';
import { consoleClient } from './console-client.ts';

/** `capped`: two logins at the same time at most; `with-code`: a code is asked for. */
export type AccountState = 'active' | 'inactive' | 'before-verification' | 'expired' | 'capped' | 'with-code';

export interface ConsoleGround extends ConsoleAccess, AsyncDisposable {
  /** What is left of the account's name before the @. */
  readonly user: string;
  readonly image: string;
  /** Whether it refuses a login by its status too, as from 26.8 on. */
  readonly refusesByStatus: boolean;
  become(state: AccountState): Promise<void>;
  /** A code that counts for a while, once the account is asked for one. */
  code(): Promise<string>;
  /** What an emulator alone can be told. */
  readonly emulated: OpenedConsole | undefined;
}

export interface GroundKind {
  readonly name: string;
  readonly isGenuine: boolean;
  open(): Promise<ConsoleGround>;
}

export function groundKinds(): GroundKind[] {
  const genuineOnly = process.env['BAI_TEST_GENUINE_ONLY'] === '1';
  const releases = genuineOnly ? [] : ['26.9.6', '24.09.14'];
  return [
    ...releases.map((release) => ({
      name: `emulator ${release}`,
      isGenuine: false,
      open: () => emulatedGround(release),
    })),
    ...genuineConsoles().map((each) => ({
      name: `genuine ${each.name}`,
      isGenuine: true,
      open: () => genuineGround(each),
    })),
  ];
}

const emulatedStates: Readonly<Record<AccountState, Partial<SignIn>>> = {
  active: {},
  inactive: { status: 'inactive' },
  'before-verification': { status: 'before-verification' },
  expired: { passwordExpiredAt: Date.parse('2006-11-30T03:16:37.906Z') },
  capped: { maxLogins: 2 },
  'with-code': { totpSecret },
};

async function emulatedGround(release: string): Promise<ConsoleGround> {
  const opened = await openConsole({ release });
  const { endpoint, email, password } = opened;
  return {
    ...{ endpoint, email, password },
    user: email.replace(/@.*/, ''),
    image: 'python',
    refusesByStatus: compareReleases(release, '26.8') >= 0,
    become: async (state) => opened.console.setSignIn(email, { password, ...emulatedStates[state] }),
    code: () => lastingCode(totpSecret),
    emulated: opened,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** For one file of tests at a time. */
async function genuineGround({ endpoint, release, image, changing }: GenuineConsole): Promise<ConsoleGround> {
  const { email, password, program } = changing;
  let secret = '';
  const access = { endpoint, email, password };
  const change = (...words: readonly string[]) => promisify(execFile)(program, [email, ...words]);
  const giveBack = await takeAlone(email);
  return {
    ...access,
    user: email.replace(/@.*/, ''),
    image,
    refusesByStatus: compareReleases(release, '26.8') >= 0,
    async become(state) {
      await change(state === 'with-code' ? 'active' : state);
      if (state === 'with-code') secret = await enrol(access);
    },
    code: () => lastingCode(secret),
    emulated: undefined,
    async [Symbol.asyncDispose]() {
      try {
        await change('active');
      } finally {
        await giveBack();
      }
    },
  };
}

/** Time for another file of tests to come to its end. */
export const groundWaitMs = 300_000;

/** Nobody else has the account until what is returned is called. */
function takeAlone(email: string): Promise<() => Promise<void>> {
  return new Promise((taken, failed) => {
    const path = join(tmpdir(), `bai-tests-of-${email}`);
    const held = withFileLock(path, async () => await new Promise<void>((end) => taken(giveBack(end))), {
      limitMs: groundWaitMs,
    });
    const giveBack = (end: () => void) => async () => {
      end();
      await held;
    };
    held.catch(failed);
  });
}

/** As the web UI does it: asks for a secret, and proves to know it. */
async function enrol(access: ConsoleAccess): Promise<string> {
  const { call } = consoleClient(access.endpoint);
  const id = await logIn(access);
  const headers = { 'Content-Type': 'application/json' };
  const made = await call('POST', '/func/totp', { id, headers, body: {} });
  const { totp_key: secret } = made.json as { totp_key: string };
  const otp = await lastingCode(secret);
  const verified = await call('POST', '/func/totp/verify', { id, headers, body: { otp } });
  if (verified.status !== 200) throw new Error(`the code was not taken: ${verified.text}`);
  return secret;
}
