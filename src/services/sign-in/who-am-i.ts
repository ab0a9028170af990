/** `bai whoami`, and what `bai` alone says: who is signed in, where, and until when. */

import type { SignedIn } from '../../core/session/sign-in.ts';
import { isSet, type Settings, settingValue } from '../../core/settings/settings.ts';
import { NotFoundError } from '../../errors.ts';
import type { SignInTools } from './sign-in-tools.ts';

export interface WhoAmI extends SignedIn {
  readonly provider: string;
  readonly endpoint: string | undefined;
  readonly profile: string;
  /** Where the key, the login or the token comes from, such as `profile "default"`. */
  readonly origin: string;
  /** ISO 8601; of a login at a web console, where it is known. */
  readonly endsAt: string | undefined;
}

/** Asks the platform: rejects with a DeniedError when it lets nobody in. */
export async function whoAmI(
  tools: Pick<SignInTools, 'settings' | 'open' | 'profiles' | 'signal'>,
): Promise<WhoAmI> {
  const settings = await tools.settings();
  const provider = await tools.open({});
  const account = await provider.signedInAs?.(tools.signal);
  if (account === undefined)
    throw new NotFoundError(`${provider.title} does not tell who is signed in`, { code: 'unsupported' });
  return { ...account, ...placeOf(settings, tools.profiles.profile) };
}

function placeOf(settings: Settings, profile: string): Omit<WhoAmI, keyof SignedIn> {
  const { loginId, secretKey, token, secretCommand } = settings;
  const secret = [loginId, secretKey, token, secretCommand].find(isSet);
  const time = settingValue(settings, 'loginTime');
  return {
    provider: settingValue(settings, 'provider'),
    endpoint: settings.endpoint.value,
    profile,
    origin: (secret ?? settings.endpoint).origin,
    endsAt: time === undefined ? undefined : new Date(time.untilMs).toISOString(),
  };
}
