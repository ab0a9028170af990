/** Addresses of the platform. Each region is a platform of its own, with its own accounts and keys. */

import { plaintextEndpoint } from '../../core/text/is-plaintext-url.ts';
import { UsageError } from '../../errors.ts';

/** Where the vendor's own programs look unless they are told otherwise. */
export const usualAddress = 'https://platform.rescale.com';

/** Those that the vendor's own client knows; another one is taken too, if somebody writes it. */
const knownAddresses: readonly string[] = [
  usualAddress,
  'https://eu.rescale.com',
  'https://kr.rescale.com',
  'https://platform.rescale.jp',
  'https://itar.rescale.com',
  'https://itar.rescale-gov.com',
];

/**
 * `eu.rescale.com` is https, as the vendor's client has it. `origin` says where the text was written. Throws a UsageError for
 * what is no address, and for one that the key would be sent to for everybody to read.
 */
export function parseAddress(text: string, origin: string): URL {
  const written = text.trim();
  const address = /^[a-z][a-z+.-]*:\/\//i.test(written) ? written : `https://${written}`;
  if (!URL.canParse(address)) throw notAnAddress(origin);
  const url = new URL(address);
  if (!/^https?:$/.test(url.protocol) || url.hostname === '') throw notAnAddress(origin);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new UsageError(`the address in ${origin} holds more than a host and a path`, {
      hint: `write it as ${usualAddress}`,
    });
  if (plaintextEndpoint([url.href]) !== undefined)
    throw new UsageError(`${url.origin} (${origin}) is not encrypted: others could read the API key`, {
      code: 'clear-text',
      hint: `write it with https://`,
    });
  return url;
}

function notAnAddress(origin: string): UsageError {
  return new UsageError(`what ${origin} has is not an address`, {
    hint: `write it as ${usualAddress}; others are ${knownAddresses.slice(1).join(', ')}`,
  });
}
