/** Which source of a setting wins. */

import {
  type Account,
  type AccountSetting,
  isAccountSetting,
  pickAccount,
  type SettingPlace,
  valuesPlace,
  variablesPlace,
} from './setting-places.ts';
import {
  checkSetting,
  commandLine,
  definitionOf,
  localManager,
  originOfProfile,
  type Setting,
  type SettingName,
  type Settings,
  type SettingValues,
  settingNames,
} from './settings.ts';

/** Where values may come from, as read from the machine. */
export interface SettingSources {
  readonly flags: SettingValues;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of `--env-file`; the real environment wins over it. */
  readonly environmentFile?: {
    readonly path: string;
    readonly values: Readonly<Record<string, string | undefined>>;
  };
  readonly profile: {
    readonly name: string;
    readonly values: SettingValues;
    /** Of secrets that are kept in the keyring. */
    readonly keyringItems?: SettingValues;
    /** On the command line: it then goes before the environment. */
    readonly isNamed?: boolean;
  };
  /** Of the manager that `bai local up` started, when one runs. */
  readonly local: SettingValues;
}

/**
 * Flags > named profile > environment > --env-file > profile > local manager > default, but endpoint and keys from one place
 * together. Checks every value it picks.
 */
export function resolveSettings(sources: SettingSources): Settings {
  const { flags, others, local } = placesOf(sources);
  const account = pickAccount(flags, [...others, local]);
  const entries = settingNames.map((name) => {
    const setting = resolveOne(name, [flags, ...others], account);
    if (setting.value !== undefined) checkSetting(name, setting.value, setting.origin);
    return [name, setting];
  });
  return Object.fromEntries(entries);
}

/** From the first to the last but one; the local manager has nothing but an account. */
function placesOf(sources: SettingSources): {
  readonly flags: SettingPlace;
  readonly others: readonly SettingPlace[];
  readonly local: SettingPlace;
} {
  const { environment, environmentFile: file, profile } = sources;
  const variablesOf = (name: SettingName): readonly string[] => definitionOf(name).env;
  const real = variablesPlace(environment, { isNamed: false, variablesOf, originOf: (name) => name });
  const originOf = (name: string): string => `${name} in ${file?.path}`;
  const inFile = (name: SettingName): readonly string[] =>
    definitionOf(name).program ? [] : variablesOf(name);
  const given = variablesPlace(file?.values ?? {}, { isNamed: true, variablesOf: inFile, originOf });
  const isNamed = profile.isNamed === true;
  const stored = valuesPlace(profile.values, originOfProfile(profile.name), {
    isNamed,
    keyringItems: profile.keyringItems ?? {},
  });
  return {
    flags: valuesPlace(sources.flags, commandLine, { isNamed: true }),
    others: isNamed ? [stored, real, given] : [real, given, stored],
    local: { ...valuesPlace(sources.local, localManager, { isNamed: false }), isImplicit: true },
  };
}

/** One that belongs to no account, by itself: another that is wrong does not matter. */
export function resolveSetting(name: Exclude<SettingName, AccountSetting>, sources: SettingSources): Setting {
  const { flags, others } = placesOf(sources);
  const setting = firstOf(name, [flags, ...others]);
  if (setting.value !== undefined) checkSetting(name, setting.value, setting.origin);
  return setting;
}

function resolveOne(name: SettingName, places: readonly SettingPlace[], account: Account): Setting {
  if (isAccountSetting(name)) return account.settings[name];
  // The kind of an endpoint belongs to it; without an account any place may say it.
  const { place } = account;
  const belongs = ofAccount.has(name) && place !== undefined;
  // The local manager is that of the platform that was chosen elsewhere; how one signs in elsewhere is nothing to it.
  const isChosen = place?.isImplicit === true && name === 'provider';
  const whole = isChosen ? [...places, place] : [...places.slice(0, 1), ...(place ? [place] : [])];
  const asked = belongs ? whole : places;
  return firstOf(name, asked);
}

function firstOf(name: SettingName, places: readonly SettingPlace[]): Setting {
  const found = places.map((place) => place.get(name)).find((setting) => setting !== undefined);
  const { fallback } = definitionOf(name);
  return found ?? { value: fallback, origin: fallback === undefined ? 'not set' : 'default' };
}

/** What says of an account how it is signed in to: of no use with another one. */
const ofAccount: ReadonlySet<SettingName> = new Set(['endpointType', 'provider', 'loginTime', 'email']);
