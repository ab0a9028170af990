/** `bai logout`: ends the login where it is one, and takes the secrets of the profile away. */

import { isSet, type SettingName, settingValue } from '../../core/settings/settings.ts';
import { BaiError, NotFoundError } from '../../errors.ts';
import type { SignInTools } from './sign-in-tools.ts';

interface LogoutResult {
  readonly profile: string;
  readonly endpoint: string | undefined;
  /** Whether a login at a web console was ended; a keypair or a token goes on counting where it was made. */
  readonly loginEnded: boolean;
  readonly removed: readonly SettingName[];
}

const secrets: readonly SettingName[] = ['loginId', 'secretKey', 'token'];

/** The address and the e-mail stay, for the next `bai login`. */
export async function logOut(tools: SignInTools): Promise<LogoutResult> {
  const { profiles, reporter } = tools;
  const settings = await tools.settings();
  const held = secrets.filter((name) => isSet(settings[name]));
  const isLogin = settingValue(settings, 'endpointType') === 'session' && held.includes('loginId');
  const ended = isLogin && (await endLogin(tools));
  const removed = await profiles.removeSecrets(profiles.profile, secrets);
  if (removed.includes('loginId')) {
    await profiles.saveProfile(profiles.profile, { loginTime: undefined, accessKey: undefined });
  }
  const elsewhere = held.filter((name) => !removed.includes(name));
  for (const name of elsewhere)
    reporter.warn(`${name} is still set: it comes from ${settings[name].origin}`, 'take it away there');
  if (removed.length === 0 && !ended && elsewhere.length === 0) {
    throw new NotFoundError(`profile "${profiles.profile}" is not signed in`, {
      code: 'not-set',
      hint: '`bai login` signs in; `bai config list` shows where settings come from',
    });
  }
  return { profile: profiles.profile, endpoint: settings.endpoint.value, loginEnded: ended, removed };
}

/** Whatever comes of it, the secrets leave this machine. */
async function endLogin({ endLogin: end, reporter, signal }: SignInTools): Promise<boolean> {
  try {
    if (await end()) return true;
    reporter.warn(
      'the web console still takes the login',
      'it counts as long as a program goes through it, such as `bai app forward`: end that program',
    );
    return false;
  } catch (error) {
    if (signal.aborted || !(error instanceof BaiError)) throw error;
    reporter.warn(
      `the login could not be ended at the web console: ${error.message}`,
      'it ends by itself in time',
    );
    return false;
  }
}
