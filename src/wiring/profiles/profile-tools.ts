/** Joins `bai config` and `bai profile` to where profiles are stored. */

import { findOwnPaths } from '../../config/paths.ts';
import { readSecretLine } from '../../config/read-secret.ts';
import { openProfileStore, type StoredProfiles } from '../../config/store.ts';
import type { Context, Environment, GlobalFlags } from '../../context.ts';
import { hostSuffixOf, partOf } from '../../core/ssh/config-sections.ts';
import type { LockWait } from '../../files/lock.ts';
import { readOwnFile } from '../../files/own-file.ts';
import { wholePath } from '../../files/user-path.ts';
import type { ConfigureTools } from '../../services/configure.ts';
import type { ProfileTools } from '../../services/profiles/profile-tools.ts';
import { checkProfileExists, checkProfileName, chooseProfile } from './profile-name.ts';
import { commandSecret, profileSecrets, type SecretParts, systemKeyring } from './secrets.ts';

export interface ProfileParts extends SecretParts {
  readonly context: Context;
  readonly flags: GlobalFlags;
  readonly environment: Environment;
  stored(this: void): Promise<StoredProfiles | undefined>;
  readonly wait: LockWait;
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
}

export async function configureTools(parts: ProfileParts): Promise<ConfigureTools> {
  const { context, flags, environment, wait } = parts;
  const store = openProfileStore(findOwnPaths(environment).configFile, wait);
  return {
    path: store.path,
    ...profileSecrets({ ...parts, isNamed: flags.profile !== undefined }, wait),
    stored: (profile) => store.read(profile),
    profile: await context.profile(),
    hasSeveral: async () => (await store.names()).length > 1,
    mustExist: async (name) => checkProfileExists(name, await store.names()),
    settings: () => context.settings(),
    readSecret: (prompt) => readSecretLine(prompt, context),
    wholePath,
  };
}

export async function profileTools(parts: ProfileParts): Promise<ProfileTools> {
  const { context, flags, environment, stored, wait, reporter, ask } = parts;
  const { configFile, sshConfig } = findOwnPaths(environment);
  const store = openProfileStore(configFile, wait);
  const { chosenBy } = await chooseProfile(flags, environment, stored);
  return {
    ...profileSecrets({ ...parts, isNamed: flags.profile !== undefined }, wait),
    ...{ profile: await context.profile(), chosenBy, store },
    keyringTitle: systemKeyring(parts).title,
    checkName: checkProfileName,
    mustExist: async (name) => checkProfileExists(name, await store.names()),
    async installedHosts(name) {
      const text = await readOwnFile(sshConfig);
      return text !== undefined && partOf(text, name) !== undefined ? hostSuffixOf(name) : undefined;
    },
    readSecretCommand: async () => commandSecret(await context.settings(), parts),
    warn: (message, hint) => reporter.warn(message, hint),
    ...(ask !== undefined && { ask }),
  };
}
