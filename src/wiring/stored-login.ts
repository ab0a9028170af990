/** The login at a web console that a profile has, and what ends it. */

import { isSet, originOfProfile, type Settings, settingValue } from '../core/settings/settings.ts';
import { BaiError } from '../errors.ts';
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
    stop: (pid) => void process.kill(pid, 'SIGTERM'),
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
function settingsOf(profile: string, { flags, environment, reporter }: BuilderContext): Promise<Settings> {
  return loadSettings(
    { profile, flags: { ...flags, profile, settings: {} } },
    { environment, environmentFile: {}, stored: () => storedProfiles(environment) },
    reporter,
  );
}
