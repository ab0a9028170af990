/** Addresses that an app proxy names: bai goes to none of them before it was looked at here. */

import { ProtocolError } from '../../../errors.ts';
import { throughManager } from './refusals.ts';

/** Only what HTTP can be spoken to; `who` is who named it. */
export function httpAddress(text: string, who: string): URL {
  const url = text.length <= longestAddress && URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && !url.username && !url.password) return url;
  // The text is not repeated: it may hold a token.
  throw new ProtocolError(`${who} names an address that is not an http:// or https:// one`, {
    hint: 'nothing was sent there: show this to an administrator',
  });
}

/** With a token in it. */
const longestAddress = 16_384;

interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/**
 * The port that a worker has opened: it stands in an address for a program that nobody runs any more, and nothing else of that
 * address is meant.
 */
export function gatewayIn(text: string): HostAndPort {
  const query = URL.canParse(text) ? new URL(text).searchParams : new URLSearchParams();
  const found = query.get('directTCP') === 'true' ? hostAndPort(query.get('gateway') ?? '') : undefined;
  if (found === undefined) {
    throw new ProtocolError('the app proxy opened a port, and the answer of its worker does not tell which', {
      hint: `show this to an administrator; ${throughManager}`,
    });
  }
  if (!unspecified.has(found.host)) return found;
  throw new ProtocolError(`the worker of the app proxy says that it is at ${found.host}, where nobody is`, {
    hint: 'an administrator has to give the worker the address that clients reach it by (its advertised host)',
  });
}

/** `tcp://HOST:PORT`. It goes into command lines: a host name or an address, and nothing that a program could take for an option. */
export function hostAndPort(text: string): HostAndPort | undefined {
  const [, bracketed, named, digits] =
    /^tcp:\/\/(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9](?:[\w.-]{0,251}[a-z0-9])?)):(\d{1,5})\/?$/i.exec(text) ??
    [];
  const port = Number(digits);
  const host = bracketed ?? named;
  return host !== undefined && port > 0 && port < 65_536 ? { host, port } : undefined;
}

/** Connections to these end on this machine. */
const unspecified: ReadonlySet<string> = new Set(['0.0.0.0', '::', '0']);
