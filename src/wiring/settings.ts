/** Reads the places settings come from. */

import { readLocalState } from '../config/local-state.ts';
import { findOwnPaths, findOwnPathsIfAny, localStatePath } from '../config/paths.ts';
import { openProfileStore, type StoredProfiles } from '../config/store.ts';
import type { Environment, GlobalFlags } from '../context.ts';
import { milestone } from '../core/milestones.ts';
import type { Reporter } from '../core/reporter.ts';
import type { StoredProfile } from '../core/settings/profiles.ts';
import { resolveSettings } from '../core/settings/resolve-settings.ts';
import {
  definitionOf,
  isSet,
  isSettingName,
  type Settings,
  type SettingValues,
  settingNames,
  settingValue,
} from '../core/settings/settings.ts';
import { usualProfile } from '../core/ssh/config-sections.ts';
import { typed } from '../core/text/typed.ts';
import { checkProfileExists } from './profiles/profile-name.ts';

interface SurroundingValues {
  readonly environment: Environment;
  /** What the file of `--env-file` says; nothing without one. */
  readonly environmentFile: Environment;
  /** Nothing where no home is known. */
  stored(this: void): Promise<StoredProfiles | undefined>;
}

/** Flags > named profile > environment > --env-file > profile > local manager > default. */
export async function loadSettings(
  { profile: name, flags }: { readonly profile: string; readonly flags: GlobalFlags },
  { environment, environmentFile, stored: profiles }: SurroundingValues,
  reporter: Reporter,
): Promise<Settings> {
  const places = name === usualProfile ? findOwnPathsIfAny(environment) : findOwnPaths(environment);
  const all = await profiles();
  const stored = all === undefined ? nothingStored : await readProfile(all, { ...flags, name }, reporter);
  const path = flags.environmentFile;
  const sources = {
    flags: flags.settings,
    environment,
    ...(path !== undefined && { environmentFile: { path, values: environmentFile } }),
    profile: { name, ...stored, isNamed: flags.profile !== undefined },
  };
  const settings = resolveSettings({ ...sources, local: {} });
  if (places === undefined || settings.endpoint.value !== undefined) return told(settings);
  const provider = settingValue(settings, 'provider');
  const local = await localValues(localStatePath(places, provider), provider);
  return told(resolveSettings({ ...sources, local }));
}

function told(settings: Settings): Settings {
  for (const name of settingNames)
    if (isSet(settings[name]) && settings[name].origin !== 'default')
      milestone('settings', () => {
        const { value, origin } = settings[name];
        return `${name} ${definitionOf(name).secret ? 'is set' : `= ${value}`} (${origin})`;
      });
  return settings;
}

const nothingStored: StoredProfile = { values: {}, keyringItems: {} };

interface WantedProfile {
  readonly name: string;
  readonly mayBeNew?: boolean;
}

async function readProfile(
  { path, names, read }: StoredProfiles,
  { name, mayBeNew }: WantedProfile,
  reporter: Reporter,
): Promise<StoredProfile> {
  if (!mayBeNew) checkProfileExists(name, names);
  const stored = read(name);
  const holdsSecret = Object.keys(stored.values).some(
    (each) => isSettingName(each) && definitionOf(each).secret,
  );
  if (holdsSecret && (await openProfileStore(path).exposedMode()) !== 0) {
    reporter.warn(
      `others on this machine can read ${path}, and it holds a secret: ${typed(['chmod', '600', path])}`,
    );
  }
  return stored;
}

async function localValues(path: string, provider: string): Promise<SettingValues> {
  const state = await readLocalState(path);
  if (state === undefined) return {};
  const { endpoint, accessKey, secretKey, token } = state;
  return token === '' ? { endpoint, accessKey, secretKey } : { provider, endpoint, token };
}
