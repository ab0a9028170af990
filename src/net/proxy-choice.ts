/** Which proxy the environment names for an address: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, as curl has them. */

import { percentDecoded } from '../core/text/percent.ts';
import { controlCharacterProblem } from '../core/text/text-check.ts';
import { UsageError } from '../errors.ts';
import { isExempt } from './no-proxy.ts';

const defaultPorts = { http: 80, https: 443, socks4: 1080, socks4a: 1080, socks5: 1080, socks5h: 1080 };

type ProxyKind = keyof typeof defaultPorts;

export interface ProxyServer {
  readonly kind: ProxyKind;
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  readonly login: { readonly user: string; readonly password: string } | undefined;
  /** For messages: `http://proxy.example:3128`, never with its password. */
  readonly name: string;
  /** Where it was named, such as `HTTPS_PROXY`. */
  readonly variable: string;
}

export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/** Nothing when the address is reached directly. Throws a UsageError for a value that names no proxy. */
export function chooseProxy(environment: ProxyEnvironment, url: URL): ProxyServer | undefined {
  const isSecure = url.protocol === 'https:' || url.protocol === 'wss:';
  const found =
    lookUp(environment, isSecure ? 'https_proxy' : 'http_proxy') ?? lookUp(environment, 'all_proxy');
  if (found === undefined) return undefined;
  const port = Number(url.port) || (isSecure ? 443 : 80);
  const exempt = lookUp(environment, 'no_proxy')?.value ?? '';
  return isExempt(exempt, { hostname: url.hostname, port }) ? undefined : readProxy(found);
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

/** Lower case wins, as with curl; an empty value is none. */
function lookUp(environment: ProxyEnvironment, name: string): Variable | undefined {
  for (const spelling of [name, name.toUpperCase()]) {
    const value = environment[spelling]?.trim();
    if (value) return { name: spelling, value };
  }
  return undefined;
}

function readProxy({ name: variable, value }: Variable): ProxyServer {
  // URLs drop line ends and tabs without a word, wherever they stand.
  if (controlCharacterProblem(value) !== undefined) throw notUsable(variable);
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const kind = url && kindOf(url.protocol);
  if (url === undefined || kind === undefined || url.hostname === '') throw notUsable(variable);
  const port = url.port === '' ? defaultPorts[kind] : Number(url.port);
  const login = loginOf(url);
  if (login !== undefined && kind.startsWith('socks') && !fitsSocks(login)) throw notUsable(variable);
  return {
    kind,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    login,
    name: `${kind}://${url.hostname}:${port}`,
    variable,
  };
}

function loginOf({ username, password }: URL): ProxyServer['login'] {
  if (username === '' && password === '') return undefined;
  // One that was not encoded may hold a percent sign of its own.
  return { user: percentDecoded(username), password: percentDecoded(password) };
}

/** The length of each is one byte there. */
function fitsSocks({ user, password }: { user: string; password: string }): boolean {
  return [user, password].every((text) => Buffer.byteLength(text) <= 255);
}

/** Desktops write `socks://`, and what listens there takes 5, where the proxy looks the name up. */
function kindOf(protocol: string): ProxyKind | undefined {
  const scheme = protocol.slice(0, -1);
  if (scheme === 'socks') return 'socks5h';
  return isKind(scheme) ? scheme : undefined;
}

function isKind(scheme: string): scheme is ProxyKind {
  return Object.hasOwn(defaultPorts, scheme);
}

/** The value is not repeated: it may hold a password. */
function notUsable(variable: string): UsageError {
  return new UsageError(`${variable} does not name a proxy that bai can use`, {
    code: 'bad-proxy',
    hint: 'write it as http://host:port, https://host:port or socks5://host:port, or unset it',
  });
}
