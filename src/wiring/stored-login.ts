/** The login at a web console that a profile has: what ends it, and what takes its place once it has run out. */

import { join } from 'node:path';
import { findOwnPaths } from '../config/paths.ts';
import { isSet, originOfProfile, type Settings, settingValue } from '../core/settings/settings.ts';
import { BaiError, systemCode } from '../errors.ts';
import { withFileLock } from '../files/lock.ts';
import { makeOwnFolder } from '../files/own-file.ts';
import { sendSignal } from '../files/process-identity.ts';
import type { Network } from '../net/network.ts';
import type { ConsoleCalls } from '../providers/backend-ai/console/console-calls.ts';
import { leaveForGood } from '../providers/backend-ai/console/leave-for-good.ts';
import type { StoredLogin } from '../services/sign-in/sign-in-tools.ts';
import { holdersIn } from './profiles/login-hold.ts';
import { storedProfiles } from './profiles/profile-name.ts';
import { withSecrets } from './profiles/secrets.ts';
import { loadSettings } from './settings.ts';
import type { BuilderContext } from './tools.ts';

interface StoredLoginParts {
  readonly context: BuilderContext;
  callsAt(this: void, endpoint: string, network?: Network): ConsoleCalls;
  networkOf(this: void, settings: Settings): Promise<Network>;
}

/** That of the profile alone: one that comes from elsewhere is not bai's to end. */
export async function storedLogin(
  profile: string | undefined,
  { context, callsAt, networkOf }: StoredLoginParts,
): Promise<StoredLogin | undefined> {
  const { signal, environment } = context;
  const named = profile === undefined ? undefined : await settingsOf(profile, context);
  const found = await ownLogin(profile ?? (await context.profile()), named, context);
  if (found === undefined) return undefined;
  const { endpoint, id } = found;
  const calls = callsAt(endpoint.href, named && (await networkOf(named)));
  return {
    async end(hadTunnels) {
      await calls.logout(id, signal);
      return hadTunnels ? leaveForGood(id, calls, signal) : !(await calls.check(id, signal));
    },
    holders: () => holdersIn(environment).find(id),
    stop: (pid) => sendSignal(pid, 'SIGTERM'),
  };
}

async function ownLogin(
  profile: string,
  named: Settings | undefined,
  context: BuilderContext,
): Promise<{ readonly endpoint: URL; readonly id: string } | undefined> {
  const settings = named ?? (await context.settings());
  if (settings.endpointType.value !== 'session' || !isSet(settings.loginId)) return undefined;
  try {
    const whole = await (named ? withSecrets(named, context) : context.settingsWithSecrets());
    const [endpoint] = settingValue(whole, 'endpoint') ?? [];
    const { value: id, origin } = whole.loginId;
    if (endpoint === undefined || id === undefined || origin !== originOfProfile(profile)) return undefined;
    return { endpoint, id };
  } catch (error) {
    // Who is about to sign in needs nothing of a keyring that does not open.
    if (error instanceof BaiError && !context.signal.aborted) return undefined;
    throw error;
  }
}

/** As it is stored, whatever the environment says. */
export function settingsOf(
  profile: string,
  { flags, environment, reporter }: BuilderContext,
): Promise<Settings> {
  return loadSettings(
    { profile, flags: { ...flags, profile, settings: {}, mayBeNew: true } },
    { environment, environmentFile: {}, stored: () => storedProfiles(environment) },
    reporter,
  );
}

interface NewerLogin {
  readonly id: string;
  readonly time: { readonly sinceMs: number; readonly untilMs: number } | undefined;
}

/** Several processes may find that it has run out: one of them asks for the password, and the others take what it has got. */
export interface Renewal {
  /** What the profile has by now in place of the login that was refused, for the same server. */
  newer(this: void, refused: string, endpoint: URL): Promise<NewerLogin | undefined>;
  /** While no other process does the same; where that cannot be had, or takes too long, all the same. */
  alone<T>(this: void, work: () => Promise<T>): Promise<T>;
}

export function renewalOf(profile: string, context: BuilderContext): Renewal {
  return {
    async newer(refused, endpoint) {
      const settings = await settingsOf(profile, context);
      const found = await ownLogin(profile, settings, context);
      if (found === undefined || found.id === refused || found.endpoint.href !== endpoint.href)
        return undefined;
      return { id: found.id, time: settingValue(settings, 'loginTime') };
    },
    alone: (work) => alone(profile, work, context),
  };
}

async function alone<T>(
  profile: string,
  work: () => Promise<T>,
  { environment, reporter, signal }: BuilderContext,
): Promise<T> {
  const folder = findOwnPaths(environment).loginHolders;
  const waiting = (): void => reporter.info('another bai is signing in to the same account; waiting for it');
  let hasBegun = false;
  const begin = (): Promise<T> => {
    hasBegun = true;
    return work();
  };
  try {
    await makeOwnFolder(folder);
    return await withFileLock(join(folder, `renewal-${profile}`), begin, { signal, waiting });
  } catch (error) {
    const isOfLock = !hasBegun && (error instanceof BaiError || systemCode(error) !== undefined);
    if (!isOfLock || signal.aborted) throw error;
    return await work();
  }
}
