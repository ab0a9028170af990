/** Reads the places settings come from, and joins `bai config` to them. */

import { readLocalState } from '../config/local-state.ts';
import { findOwnPaths, findOwnPathsIfAny, localStatePath } from '../config/paths.ts';
import { readSecretLine } from '../config/read-secret.ts';
import { openProfileStore } from '../config/store.ts';
import type { Context, Environment, GlobalFlags } from '../context.ts';
import type { Reporter } from '../core/reporter.ts';
import {
  resolveSettings,
  type Settings,
  type SettingValues,
  settingValue,
} from '../core/settings/settings.ts';
import { similarNames } from '../core/text/similar.ts';
import { UsageError } from '../errors.ts';
import { wholePath } from '../files/user-path.ts';
import type { ConfigureTools } from '../services/configure.ts';
import type { ProfileTools } from '../services/profiles.ts';
import { lockWait } from './lock-wait.ts';

interface SurroundingValues {
  readonly environment: Environment;
  /** What the file of `--env-file` says; nothing without one. */
  readonly environmentFile: Environment;
}

/** Flags > named profile > environment > --env-file > profile > local manager > default. */
export async function loadSettings(
  flags: GlobalFlags,
  { environment, environmentFile }: SurroundingValues,
  reporter: Reporter,
): Promise<Settings> {
  const name = profileName(flags, environment);
  const places = name === usualProfile ? findOwnPathsIfAny(environment) : findOwnPaths(environment);
  const values =
    places === undefined ? {} : await readProfile(places.configFile, { ...flags, name }, reporter);
  const path = flags.environmentFile;
  const sources = {
    flags: flags.settings,
    environment,
    ...(path !== undefined && { environmentFile: { path, values: environmentFile } }),
    profile: { name, values, isNamed: flags.profile !== undefined },
  };
  const settings = resolveSettings({ ...sources, local: {} });
  if (places === undefined || settings.endpoint.value !== undefined) return settings;
  const provider = settingValue(settings, 'provider');
  const local = await localValues(localStatePath(places, provider), provider);
  return resolveSettings({ ...sources, local });
}

const usualProfile = 'default';

interface WantedProfile {
  readonly name: string;
  readonly mayBeNew?: boolean;
}

async function readProfile(
  file: string,
  { name, mayBeNew }: WantedProfile,
  reporter: Reporter,
): Promise<SettingValues> {
  const store = openProfileStore(file);
  if (!mayBeNew) checkExists(name, await store.names());
  const values = await store.read(name);
  const exposed = await store.exposedMode();
  if (values.secretKey !== undefined && exposed !== 0) {
    reporter.warn(
      `others on this machine can read ${store.path}, and it holds a secret key: chmod 600 ${store.path}`,
    );
  }
  return values;
}

/** Going on without it would take another manager for the one that was meant. */
function checkExists(name: string, names: readonly string[]): void {
  if (name === usualProfile || names.includes(name)) return;
  const near = similarNames(name, names);
  const known = names.length === 0 ? 'there are none yet' : `profiles: ${names.join(', ')}`;
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : known;
  throw new UsageError(`there is no profile "${name}"`, {
    code: 'no-such-profile',
    hint: `${hint}; \`bai --profile ${name} config set …\` makes it`,
    details: { profiles: names },
  });
}

export function configureTools(
  context: Context,
  flags: GlobalFlags,
  environment: Environment,
): ConfigureTools {
  const store = openProfileStore(findOwnPaths(environment).configFile, lockWait(context));
  return {
    store,
    profile: profileName(flags, environment),
    mustExist: async (name) => checkExists(name, await store.names()),
    settings: () => context.settings(),
    readSecret: (prompt) => readSecretLine(prompt, context),
    wholePath,
  };
}

/** As it is on the disk now. */
export async function readProfileIn(profile: string, environment: Environment): Promise<SettingValues> {
  return await openProfileStore(findOwnPaths(environment).configFile).read(profile);
}

export function profileTools(context: Context, flags: GlobalFlags, environment: Environment): ProfileTools {
  const store = openProfileStore(findOwnPaths(environment).configFile, lockWait(context));
  return {
    profile: profileName(flags, environment),
    async saveProfile(profile, values) {
      await store.save(profile, values);
      return { secretsIn: 'file' };
    },
    async removeSecrets(profile, names) {
      const before = await store.read(profile);
      const there = names.filter((name) => before[name] !== undefined);
      if (there.length > 0)
        await store.save(profile, Object.fromEntries(there.map((name) => [name, undefined])));
      return there;
    },
  };
}

/** The one that is named, or the default one. */
export function profileName(flags: GlobalFlags, environment: Environment): string {
  const name = flags.profile ?? (environment['BAI_PROFILE'] || usualProfile);
  if (/^[\w.-]{1,64}$/.test(name) && name !== '__proto__') return name;
  throw new UsageError(`"${name}" is not a valid profile name`, {
    hint: 'use letters, digits, "_", "-" and "."',
  });
}

async function localValues(path: string, provider: string): Promise<SettingValues> {
  const state = await readLocalState(path);
  if (state === undefined) return {};
  const { endpoint, accessKey, secretKey, token } = state;
  return token === '' ? { endpoint, accessKey, secretKey } : { provider, endpoint, token };
}
