/** The places settings come from. Endpoint and keys come from one together: no key is sent to a manager it was not meant for. */

import type { Setting, SettingName, SettingValues } from './settings.ts';

/** A place that values come from, such as the environment or a profile. */
export interface SettingPlace {
  /** Nobody has set it, so it is not told where it does not count. */
  readonly isImplicit?: boolean;
  /** What the user names on the command line is meant, whatever else is there. */
  readonly isNamed: boolean;
  get(name: SettingName): Setting | undefined;
}

export function valuesPlace(
  values: SettingValues,
  origin: string,
  { isNamed, keyringItems = {} }: { readonly isNamed: boolean; readonly keyringItems?: SettingValues },
): SettingPlace {
  return {
    isNamed,
    get(name) {
      const value = values[name];
      if (value !== undefined) return { value, origin };
      const keyringItem = keyringItems[name];
      return keyringItem === undefined ? undefined : { value, origin, keyringItem };
    },
  };
}

interface Variables {
  readonly isNamed: boolean;
  /** The winner first. */
  readonly variablesOf: (name: SettingName) => readonly string[];
  readonly originOf: (variable: string) => string;
}

/** An empty variable is as good as none. */
export function variablesPlace(
  values: Readonly<Record<string, string | undefined>>,
  { isNamed, variablesOf, originOf }: Variables,
): SettingPlace {
  return {
    isNamed,
    get(name) {
      const variable = variablesOf(name).find((each) => values[each]);
      return variable === undefined ? undefined : { value: values[variable], origin: originOf(variable) };
    },
  };
}

const keys = ['accessKey', 'secretKey', 'token', 'loginId', 'secretCommand'] as const;
type KeySetting = (typeof keys)[number];
export type AccountSetting = 'endpoint' | KeySetting;

export function isAccountSetting(name: SettingName): name is AccountSetting {
  return name === 'endpoint' || keys.some((key) => key === name);
}

export interface Account {
  readonly settings: Readonly<Record<AccountSetting, Setting>>;
  /** Whose account it is, so that what belongs to an account is read there too; nothing when there is none. */
  readonly place: SettingPlace | undefined;
}

/**
 * All of them come from the first place that has one of them. An address on the command line goes with the first keys that may
 * go there: those of a place that was named on the command line too, has the same address, or has none.
 */
export function pickAccount(flags: SettingPlace, places: readonly SettingPlace[]): Account {
  const typed = flags.get('endpoint');
  if (typed === undefined || hasKeys(flags)) {
    const all = [flags, ...places];
    const place = all.find((each) => hasKeys(each) || each.get('endpoint') !== undefined);
    return { place, settings: readAccount(place, all, place?.get('endpoint')) };
  }
  const allowed = places.filter((each) => mayTake(each, typed.value ?? ''));
  const read = (name: KeySetting): Setting =>
    allowed.map((each) => each.get(name)).find((found) => found !== undefined) ??
    withheld(name, places, typed);
  const settings = {
    ...{ endpoint: typed, token: read('token'), loginId: read('loginId') },
    ...{ accessKey: read('accessKey'), secretKey: read('secretKey'), secretCommand: read('secretCommand') },
  };
  return { place: allowed.find(hasKeys), settings };
}

function hasKeys(place: SettingPlace): boolean {
  return keys.some((name) => place.get(name) !== undefined);
}

function mayTake(place: SettingPlace, endpoint: string): boolean {
  const own = place.get('endpoint')?.value;
  if (place.isNamed || own === undefined) return true;
  const known = new Set(addressesOf(own));
  return addressesOf(endpoint).every((address) => known.has(address));
}

/** As they are compared: `https://A.example:443/` is `https://a.example`, and `localhost` is 127.0.0.1. */
function addressesOf(endpoint: string): string[] {
  return endpoint.split(',').map((each) => {
    const text = each.trim();
    if (!URL.canParse(text)) return text;
    const url = new URL(text);
    if (url.hostname === 'localhost') url.hostname = '127.0.0.1';
    return url.href.replace(/\/+$/, '');
  });
}

function readAccount(
  place: SettingPlace | undefined,
  all: readonly SettingPlace[],
  endpoint: Setting | undefined,
): Account['settings'] {
  const read = (name: AccountSetting): Setting => place?.get(name) ?? withheld(name, all, endpoint);
  return {
    ...{ endpoint: read('endpoint'), token: read('token'), loginId: read('loginId') },
    ...{ accessKey: read('accessKey'), secretKey: read('secretKey'), secretCommand: read('secretCommand') },
  };
}

/** Not set; where another place has it, why that one does not count. */
function withheld(
  name: AccountSetting,
  all: readonly SettingPlace[],
  endpoint: Setting | undefined,
): Setting {
  const other = all.find((place) => !place.isImplicit && place.get(name) !== undefined);
  const found = other?.get(name);
  if (other === undefined || found === undefined) return notSet;
  // A secret without any access key signs nothing: what is missing is the other one.
  if (name === 'secretKey' && all.every((place) => place.get('accessKey') === undefined)) return found;
  if (name === 'endpoint') return { ...notSet, origin: `not set: that of ${found.origin} has other keys` };
  const own = other.get('endpoint')?.value;
  const whose = endpoint === undefined ? 'an endpoint from elsewhere' : `the endpoint of ${endpoint.origin}`;
  const why = own === undefined ? `is not for ${whose}` : `is for ${originsOf(own)}`;
  return { ...notSet, origin: `not set: that of ${found.origin} ${why}` };
}

/** To show or compare: an address may hold a password, which belongs nowhere. */
export function originsOf(endpoint: string): string {
  const parts = endpoint.split(',').map((each) => each.trim());
  return parts.map((each) => (URL.canParse(each) ? new URL(each).origin : 'another address')).join(', ');
}

const notSet: Setting = { value: undefined, origin: 'not set' };
