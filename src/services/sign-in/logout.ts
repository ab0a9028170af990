/** `bai logout`: ends the login where it is one, and takes the secrets of the profile away. */

import {
  commandLine,
  isSet,
  localManager,
  originOfProfile,
  type SettingName,
} from '../../core/settings/settings.ts';
import { UsageError } from '../../errors.ts';
import { type EndedLogin, endStoredLogin, nothingEnded } from './end-login.ts';
import type { SignInTools } from './sign-in-tools.ts';

/** A keypair or a token goes on counting where it was made. */
interface LogoutResult extends EndedLogin {
  readonly profile: string;
  /** There was something to end or to take away. */
  readonly wasSignedIn: boolean;
  readonly endpoint: string | undefined;
  readonly removed: readonly SettingName[];
}

const secrets: readonly SettingName[] = ['loginId', 'secretKey', 'token'];

/** The address and the e-mail stay, for the next `bai login`. */
export async function logOut(tools: SignInTools): Promise<LogoutResult> {
  const { profiles, reporter } = tools;
  const { profile } = profiles;
  const settings = await tools.settings();
  if (settings.endpoint.origin === commandLine) {
    throw new UsageError('bai logout is about a profile, and takes no --endpoint', {
      hint: '`bai -P NAME logout` names the profile; `bai profile list` shows them',
    });
  }
  const held = secrets.filter((name) => isSet(settings[name]) && settings[name].origin !== localManager);
  const elsewhere = held.filter((name) => settings[name].origin !== originOfProfile(profile));
  for (const name of elsewhere)
    reporter.warn(`${name} is still set: it comes from ${settings[name].origin}`, 'take it away there');
  // What the profile has beside another account that counts is not what somebody means who signs out now.
  const isProfiles = elsewhere.length === 0;
  const login = isProfiles ? await endStoredLogin(undefined, tools) : nothingEnded;
  const removed = isProfiles ? await profiles.removeSecrets(profile, secrets) : [];
  if (removed.includes('loginId'))
    await profiles.saveProfile(profile, { loginTime: undefined, accessKey: undefined });
  return {
    profile,
    wasSignedIn: held.length > 0 || removed.length > 0,
    endpoint: settings.endpoint.value,
    ...login,
    removed,
  };
}
