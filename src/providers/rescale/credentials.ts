/** Which API key is used, and where. Key and address come from one place together: no key goes to a platform it is not for. */

import { BaiError, DeniedError } from '../../errors.ts';
import { parseAddress, usualAddress } from './address.ts';
import { ApiKey } from './api-key.ts';
import { type ApiConfig, type ApiConfigFile, readApiConfig } from './apiconfig.ts';

/** A profile of bai's own. */
export interface ProfileAccount {
  readonly name: string;
  /** `--profile` or `BAI_PROFILE` names it, so that it is meant whatever the environment has. */
  readonly isNamed: boolean;
  readonly address: string | undefined;
  readonly apiKey: string | undefined;
}

export interface KeySources {
  readonly profile: ProfileAccount | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Nothing: there is no such file. */
  readonly apiConfig: ApiConfigFile | undefined;
  /** Of that file; when left out, the one for the profile's address, or else `default`. */
  readonly section?: string | undefined;
}

export interface Credentials {
  readonly key: ApiKey;
  /** Where it came from, for people: `RESCALE_API_KEY`. */
  readonly origin: string;
}

/**
 * The first that has a key: a profile that was named, the environment, the profile, the vendor's file. A variable without an
 * address (`RESCALE_API_URL`) is for that of a profile that has no key, or else for the usual one, as with the vendor's programs.
 * Throws a DeniedError when there is none.
 */
export function chooseApiKey(sources: KeySources): Credentials {
  const { profile } = sources;
  const ofProfile = profile && fromProfile(profile);
  const found =
    (profile?.isNamed === true ? ofProfile : undefined) ??
    fromEnvironment(sources) ??
    ofProfile ??
    fromApiConfig(sources);
  if (found !== undefined) return found;
  throw new DeniedError('no API key of Rescale is set', {
    code: 'not-signed-in',
    hint: `make one at ${addressOf(profile)} (User Profile Settings, API), and \`bai login\` with it; RESCALE_API_KEY and ~/.config/rescale/apiconfig are read too`,
  });
}

function addressOf(profile: ProfileAccount | undefined): string {
  return profile?.address ?? usualAddress;
}

function fromProfile({ name, address, apiKey }: ProfileAccount): Credentials | undefined {
  if (apiKey === undefined) return undefined;
  const origin = `profile "${name}"`;
  return { key: new ApiKey(apiKey, parseAddress(address ?? usualAddress, origin), origin), origin };
}

function fromEnvironment({ profile, environment }: KeySources): Credentials | undefined {
  const apiKey = environment['RESCALE_API_KEY'];
  if (!apiKey) return undefined;
  const origin = 'RESCALE_API_KEY';
  const own = environment['RESCALE_API_URL'];
  if (own) return { key: new ApiKey(apiKey, parseAddress(own, 'RESCALE_API_URL'), origin), origin };
  const borrowed = profile?.apiKey === undefined ? profile?.address : undefined;
  const where = borrowed === undefined ? origin : `profile "${profile?.name}"`;
  return { key: new ApiKey(apiKey, parseAddress(borrowed ?? usualAddress, where), origin), origin };
}

function fromApiConfig({ profile, apiConfig: file, section }: KeySources): Credentials | undefined {
  if (file === undefined) {
    if (section === undefined) return undefined;
    throw unusable('~/.config/rescale/apiconfig is not there', `section ${section} is looked for in it`);
  }
  const config = readApiConfig(file);
  if (section === undefined && config.sections.length === 0) return undefined;
  const wanted = profile?.address && parseAddress(profile.address, `profile "${profile.name}"`);
  const chosen = section ?? (wanted ? sectionFor(wanted, config) : 'default');
  const apiKey = chosen === undefined ? undefined : config.get(chosen, 'apikey');
  if (chosen === undefined || apiKey === undefined) {
    const what = chosen === undefined && wanted ? `for ${wanted.origin} alone` : `in section ${chosen}`;
    throw unusable(`${file.path} has no API key ${what}`, `its sections: ${config.sections.join(', ')}`);
  }
  const origin = `[${chosen}] of ${file.path}`;
  const address = parseAddress(config.get(chosen, 'apibaseurl') ?? usualAddress, origin);
  if (!wanted || wanted.origin === address.origin)
    return { key: new ApiKey(apiKey, address, origin), origin };
  throw unusable(
    `${origin} is for ${address.origin}, and profile "${profile?.name}" for ${wanted.origin}`,
    'name the section for that address, or set the key in the profile',
  );
}

/** `default` when it is for this address, or else the only one that is. */
function sectionFor({ origin }: URL, config: ApiConfig): string | undefined {
  const fitting = config.sections.filter((section) => {
    const address = config.get(section, 'apibaseurl') ?? usualAddress;
    const url = /^\w+:\/\//.test(address) ? address : `https://${address}`;
    return URL.canParse(url) && new URL(url).origin === origin;
  });
  return fitting.find((section) => section === 'default') ?? (fitting.length === 1 ? fitting[0] : undefined);
}

function unusable(message: string, hint: string): BaiError {
  return new BaiError(message, { code: 'apiconfig-unusable', hint });
}
