/** Reads the places settings come from, and joins `bai config` to them. */

import { readEnvironmentFile } from '../config/env-file.ts';
import { readHiddenLine } from '../config/hidden-line.ts';
import { readLocalState } from '../config/local-state.ts';
import { findPlaces, findPlacesIfAny } from '../config/places.ts';
import { openProfileStore } from '../config/store.ts';
import type { Context, Environment, GlobalFlags } from '../context.ts';
import type { Reporter } from '../core/reporter.ts';
import { resolveSettings, type Settings, type SettingValues } from '../core/settings.ts';
import { UsageError } from '../errors.ts';
import { wholePath } from '../files/user-path.ts';
import type { ConfigureDeps } from '../services/configure.ts';
import { lockWait } from './lock-wait.ts';

/** Flags > environment > --env-file > profile > local manager > default. */
export async function loadSettings(
  flags: GlobalFlags,
  environment: Environment,
  reporter: Reporter,
): Promise<Settings> {
  const name = profileName(flags, environment);
  const places = name === 'default' ? findPlacesIfAny(environment) : findPlaces(environment);
  const values = places === undefined ? {} : await readProfile(places.configFile, name, reporter);
  const path = flags.environmentFile;
  return resolveSettings({
    flags: flags.settings,
    environment,
    ...(path !== undefined && { environmentFile: { path, values: readEnvironmentFile(wholePath(path)) } }),
    profile: { name, values },
    local: places === undefined ? {} : await localValues(places.localManager),
  });
}

async function readProfile(file: string, name: string, reporter: Reporter): Promise<SettingValues> {
  const store = openProfileStore(file);
  const values = await store.read(name);
  const exposed = await store.exposedMode();
  if (values.secretKey !== undefined && exposed !== 0) {
    reporter.warn(
      `others on this machine can read ${store.path}, and it holds a secret key: chmod 600 ${store.path}`,
    );
  }
  return values;
}

export function configureDeps(context: Context, flags: GlobalFlags, environment: Environment): ConfigureDeps {
  return {
    store: openProfileStore(findPlaces(environment).configFile, lockWait(context)),
    profile: profileName(flags, environment),
    settings: () => context.settings(),
    readSecret: (prompt) => readHiddenLine(prompt, context),
    wholePath,
  };
}

function profileName(flags: GlobalFlags, environment: Environment): string {
  const name = flags.profile ?? (environment['BAI_PROFILE'] || 'default');
  if (/^[\w.-]{1,64}$/.test(name) && name !== '__proto__') return name;
  throw new UsageError(`"${name}" cannot be a profile's name`, {
    hint: 'use letters, digits, "_", "-" and "."',
  });
}

async function localValues(path: string): Promise<SettingValues> {
  const state = await readLocalState(path);
  if (state === undefined) return {};
  return { endpoint: state.endpoint, accessKey: state.accessKey, secretKey: state.secretKey };
}
