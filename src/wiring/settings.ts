/** Reads the places settings come from, and joins `bai config` to them. */

import { readEnvironmentFile } from '../config/env-file.ts';
import { readHiddenLine } from '../config/hidden-line.ts';
import { readLocalState } from '../config/local-state.ts';
import { findPlaces, findPlacesIfAny } from '../config/places.ts';
import { openProfileStore } from '../config/store.ts';
import type { Context, Environment, GlobalFlags, ProcessFacts } from '../context.ts';
import type { Reporter } from '../core/reporter.ts';
import { resolveSettings, type Settings, type SettingValues } from '../core/settings.ts';
import { UsageError } from '../errors.ts';
import type { ConfigureDeps } from '../services/configure.ts';

/** Flags > environment > --env-file > profile > local manager > default. */
export async function loadSettings(
  flags: GlobalFlags,
  { environment, signal }: Pick<ProcessFacts, 'environment' | 'signal'>,
  reporter: Reporter,
): Promise<Settings> {
  const name = profileName(flags, environment);
  const places = name === 'default' ? findPlacesIfAny(environment) : findPlaces(environment);
  const values = places === undefined ? {} : readProfile(places.configFile, name, reporter);
  const path = flags.environmentFile;
  return resolveSettings({
    flags: flags.settings,
    environment,
    ...(path !== undefined && { environmentFile: { path, values: await readEnvironmentFile(path, signal) } }),
    profile: { name, values },
    local: places === undefined ? {} : localValues(places.localManager),
  });
}

function readProfile(file: string, name: string, reporter: Reporter): SettingValues {
  const store = openProfileStore(file);
  const values = store.read(name);
  const exposed = store.exposedMode();
  if (values.secretKey !== undefined && exposed !== 0) {
    reporter.warn(
      `others on this machine can read ${store.path}, and it holds a secret key: chmod 600 ${store.path}`,
    );
  }
  return values;
}

export function configureDeps(context: Context, flags: GlobalFlags, environment: Environment): ConfigureDeps {
  return {
    store: openProfileStore(findPlaces(environment).configFile),
    profile: profileName(flags, environment),
    settings: () => context.settings(),
    readSecret: (prompt) => readHiddenLine(prompt, context),
  };
}

function profileName(flags: GlobalFlags, environment: Environment): string {
  const name = flags.profile ?? (environment['BAI_PROFILE'] || 'default');
  if (/^[\w.-]{1,64}$/.test(name) && name !== '__proto__') return name;
  throw new UsageError(`"${name}" cannot be a profile's name`, {
    hint: 'use letters, digits, "_", "-" and "."',
  });
}

function localValues(path: string): SettingValues {
  const state = readLocalState(path);
  if (state === undefined) return {};
  return { endpoint: state.endpoint, accessKey: state.accessKey, secretKey: state.secretKey };
}
