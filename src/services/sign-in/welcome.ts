/** `bai` alone: who is signed in where, what runs there, and what to type next. */

import { isSet, type Settings, settingValue } from '../../core/settings/settings.ts';
import { BaiError } from '../../errors.ts';
import type { SignInTools } from './sign-in-tools.ts';
import { type WhoAmI, whoAmI } from './who-am-i.ts';

export type Welcome =
  | { readonly signedIn: false }
  | {
      readonly signedIn: true;
      readonly account: WhoAmI;
      readonly sessions: readonly { readonly name: string; readonly status: string }[];
    };

/** Rejects when somebody is signed in as far as this machine knows, and the platform does not let them in or is away. */
export async function welcome(tools: SignInTools): Promise<Welcome> {
  if (!hasAccount(await tools.settings())) return { signedIn: false };
  try {
    const account = await whoAmI(tools);
    const provider = await tools.open({});
    const sessions = await provider.list({ statuses: 'live', owner: 'own' }, tools.signal);
    return { signedIn: true, account, sessions: sessions.map(({ name, status }) => ({ name, status })) };
  } catch (error) {
    if (error instanceof BaiError && error.code === 'not-signed-in') return { signedIn: false };
    throw error;
  }
}

/** Rescale's key may be where its own programs have it, which only opening it finds. */
function hasAccount(settings: Settings): boolean {
  const { endpoint, loginId, secretKey, token, secretCommand } = settings;
  const secrets = [loginId, secretKey, token, secretCommand];
  return (
    settingValue(settings, 'provider') === 'rescale' || (endpoint.value !== undefined && secrets.some(isSet))
  );
}
