/** The login that a profile keeps, and whether it is still the one that this process has. */

import { findOwnPaths } from '../../config/paths.ts';
import { openProfileStore } from '../../config/store.ts';
import type { Environment } from '../../context.ts';
import type { ProfileValues } from '../../core/settings/profiles.ts';
import type { Settings } from '../../core/settings/settings.ts';
import type { ProfileTools } from '../../services/profiles/profile-tools.ts';

interface KeptLogin {
  readonly profile: string;
  holdsLogin(this: void, id: string): Promise<boolean>;
  saveProfile(this: void, values: ProfileValues): Promise<unknown>;
  /** From now on this process goes by the login that the profile has by now. */
  followLogin(this: void): Promise<void>;
}

/** By the item that holds it where it is in the keyring, which is not asked for that: a process looks when it ends. */
export function keptLogin(
  { loginId }: Pick<Settings, 'loginId'>,
  { profile, saveProfile }: Pick<ProfileTools, 'profile' | 'saveProfile'>,
  environment: Environment,
): KeptLogin {
  const store = openProfileStore(findOwnPaths(environment).configFile);
  let item = loginId.keyringItem;
  const followLogin = async (): Promise<void> => {
    item = (await store.read(profile)).keyringItems.loginId;
  };
  return {
    profile,
    async holdsLogin(id) {
      // By whatever name: the profile may have another one by now.
      const { names, read } = await store.all();
      return names.some((name) => {
        const { values, keyringItems } = read(name);
        return values.loginId === id || (item !== undefined && keyringItems.loginId === item);
      });
    },
    async saveProfile(values) {
      // One that was renamed or removed meanwhile is not made again.
      if (!(await store.names()).includes(profile)) return;
      await saveProfile(profile, values);
      if (values.loginId !== undefined) await followLogin();
    },
    followLogin,
  };
}
