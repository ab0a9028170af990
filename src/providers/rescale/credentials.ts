/** Which API key is used, and where. Key and address come from one place together: no key goes to a platform it is not for. */

import { BaiError, DeniedError } from '../../errors.ts';
import { parseAddress, usualAddress } from './address.ts';
import { ApiKey } from './api-key.ts';
import { type ApiConfig, type ApiConfigFile, readApiConfig } from './apiconfig.ts';

/** What bai's own settings have. */
export interface OwnAccount {
  /** For people: `profile "default"`. */
  readonly origin: string;
  readonly address: string | undefined;
  readonly apiKey: string | undefined;
}

export interface KeySources {
  readonly own: OwnAccount;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Read when no other place has a key; nothing: there is no such file. */
  readonly apiConfig: () => Promise<ApiConfigFile | undefined>;
}

interface Credentials {
  readonly key: ApiKey;
  /** Where it came from, for people: `RESCALE_API_KEY`. */
  readonly origin: string;
}

/**
 * The first that has a key: bai's settings, the environment, the vendor's file. A variable without an address (`RESCALE_API_URL`)
 * is for that of bai's settings, or else for the usual one, as with the vendor's programs. Throws a DeniedError when there is
 * none.
 */
export async function chooseApiKey(sources: KeySources): Promise<Credentials> {
  const { own } = sources;
  const found = fromSettings(own) ?? fromEnvironment(sources) ?? (await fromApiConfig(sources));
  if (found !== undefined) return found;
  throw new DeniedError('no API key of Rescale is set', {
    code: 'not-signed-in',
    hint: `make one at ${own.address ?? usualAddress} (User Profile Settings, API), and \`bai config set token\`, which asks for it; RESCALE_API_KEY and ~/.config/rescale/apiconfig are read too`,
  });
}

function fromSettings({ origin, address, apiKey }: OwnAccount): Credentials | undefined {
  if (apiKey === undefined) return undefined;
  return { key: new ApiKey(apiKey, parseAddress(address ?? usualAddress, origin), origin), origin };
}

function fromEnvironment({ own, environment }: KeySources): Credentials | undefined {
  const apiKey = environment['RESCALE_API_KEY'];
  if (!apiKey) return undefined;
  const origin = 'RESCALE_API_KEY';
  const url = environment['RESCALE_API_URL'];
  const address = url
    ? parseAddress(url, 'RESCALE_API_URL')
    : parseAddress(own.address ?? usualAddress, own.origin);
  return { key: new ApiKey(apiKey, address, origin), origin };
}

async function fromApiConfig({ own, apiConfig }: KeySources): Promise<Credentials | undefined> {
  const file = await apiConfig();
  if (file === undefined) return undefined;
  const config = readApiConfig(file);
  if (config.sections.length === 0) return undefined;
  const wanted = own.address === undefined ? undefined : parseAddress(own.address, own.origin);
  const section = wanted === undefined ? 'default' : sectionFor(wanted, config);
  const apiKey = section === undefined ? undefined : config.get(section, 'apikey');
  if (section === undefined || apiKey === undefined) {
    const place = wanted === undefined ? 'in section default' : `for ${wanted.origin} alone`;
    throw new BaiError(`${file.path} has no API key ${place}`, {
      code: 'apiconfig-unusable',
      hint: `its sections: ${config.sections.join(', ')}; the setting endpoint says which address is meant`,
    });
  }
  const origin = `[${section}] of ${file.path}`;
  const address = parseAddress(config.get(section, 'apibaseurl') ?? usualAddress, origin);
  return { key: new ApiKey(apiKey, address, origin), origin };
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
