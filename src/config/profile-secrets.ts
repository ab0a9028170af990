/** Stores profiles whose secrets are in the system's keyring, or in the file where there is none. */

import type { ProfileValues, SavedSecrets, SecretTools } from '../core/settings/profiles.ts';
import type { SecretStore } from '../core/settings/setting-parsers.ts';
import {
  definitionOf,
  isSettingName,
  type SettingName,
  type SettingValues,
} from '../core/settings/settings.ts';
import { isKeyringFailure, type Keyring } from './keyring.ts';
import type { ProfileStore } from './store.ts';

interface ProfileSecretsParts {
  readonly store: ProfileStore;
  readonly keyring: Keyring;
  /** Where the profile is to have its secrets, with what is about to be stored. */
  readonly choose: (profile: string, values: ProfileValues) => Promise<SecretStore>;
  readonly warn: (message: string, hint?: string) => void;
}

export interface ProfileSecrets extends SecretTools {
  /** With its secrets. */
  removeProfile(profile: string, next: string | undefined): Promise<void>;
}

export function openProfileSecrets(parts: ProfileSecretsParts): ProfileSecrets {
  return {
    saveProfile: (profile, values) => saveProfile(profile, values, parts),
    async removeSecrets(profile, names) {
      const { values, keyringItems } = await parts.store.read(profile);
      const there = names.filter((name) => values[name] !== undefined || keyringItems[name] !== undefined);
      if (there.length === 0) return [];
      const gone = Object.fromEntries(there.map((name) => [name, undefined]));
      await forget(await parts.store.save(profile, gone), parts);
      return there;
    },
    async removeProfile(profile, next) {
      await forget(await parts.store.remove(profile, next), parts);
    },
  };
}

/**
 * Each secret gets a new item, and the file, which names it, is changed after that: until then all that counts is what was there
 * before. Earlier items go last.
 */
async function saveProfile(
  profile: string,
  values: ProfileValues,
  parts: ProfileSecretsParts,
): Promise<SavedSecrets> {
  const { store, keyring, choose } = parts;
  const secrets = secretsIn(values);
  const wish = secrets.length === 0 ? 'file' : await choose(profile, values);
  const kept = wish === 'file' ? {} : await keep(profile, secrets, { ...parts, isMust: wish === 'keyring' });
  const items = kept.items ?? {};
  const others = Object.entries(values).filter(([name]) => items[name as SettingName] === undefined);
  let left: readonly string[];
  try {
    left = await store.save(profile, Object.fromEntries(others), items);
  } catch (error) {
    await forget(Object.values(items), parts);
    throw error;
  }
  await forget(left, parts);
  if (kept.items !== undefined) return { secretsIn: 'keyring', place: keyring.title };
  const { because } = kept;
  return { secretsIn: 'file', place: store.path, ...(because !== undefined && { because }) };
}

function secretsIn(values: ProfileValues): (readonly [name: SettingName, secret: string])[] {
  return Object.entries(values).flatMap(([name, value]) =>
    isSettingName(name) && definitionOf(name).secret && value !== undefined ? [[name, value] as const] : [],
  );
}

interface Kept {
  readonly items?: SettingValues;
  readonly because?: string;
}

/** All of them are in the keyring, or none. */
async function keep(
  profile: string,
  secrets: readonly (readonly [SettingName, string])[],
  { keyring, isMust, ...parts }: ProfileSecretsParts & { readonly isMust: boolean },
): Promise<Kept> {
  const items: Partial<Record<SettingName, string>> = {};
  try {
    for (const [setting, secret] of secrets)
      items[setting] = await keyring.store({ profile, setting }, secret);
    return { items };
  } catch (error) {
    await forget(Object.values(items), { keyring, ...parts });
    if (isMust || !isKeyringFailure(error)) throw error;
    return { because: error.message };
  }
}

/** Nothing of bai names them any more, so that they are left is no failure of what was asked for. */
async function forget(
  ids: readonly string[],
  { keyring, warn }: Pick<ProfileSecretsParts, 'keyring' | 'warn'>,
): Promise<void> {
  for (const id of ids) {
    try {
      await keyring.remove(id);
    } catch (error) {
      if (!isKeyringFailure(error)) throw error;
      warn(
        `a secret that bai no longer uses is left in ${keyring.title}: ${error.message}`,
        `its id there is ${id}`,
      );
    }
  }
}
