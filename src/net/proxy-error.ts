/** What goes wrong at a proxy. It is named in all of it, and nothing has reached the server. */

import { BaiError, DeniedError, TimeoutError, UnreachableError } from '../errors.ts';
import { describeFailure } from './network-error.ts';
import type { ProxyServer } from './proxy-choice.ts';

/** `the proxy http://proxy.example:3128 (HTTPS_PROXY)` */
export function labelOf({ name, variable }: ProxyServer): string {
  return `the proxy ${name} (${variable})`;
}

function goAround({ variable }: ProxyServer): string {
  return `correct or unset ${variable}; NO_PROXY=HOST goes around the proxy`;
}

/** No connection to the proxy, or one that broke before it had answered. What is explained already stays. */
export function proxyFailed(proxy: ProxyServer, error: unknown): unknown {
  if (error instanceof BaiError) return error;
  const failure = describeFailure(error, {
    label: labelOf(proxy),
    host: labelOf(proxy),
    maySkipVerify: false,
    isPlain: false,
  });
  if (failure === undefined) return error;
  const { message, hint, isCertificate } = failure;
  if (isSpeech(error)) return speaksOtherwise(proxy, error);
  return new UnreachableError(message, {
    code: isCertificate ? 'tls' : 'proxy-unreachable',
    hint: isCertificate ? hint : goAround(proxy),
    cause: error,
  });
}

/** An answer that Node's HTTP parser or OpenSSL could not read. */
function isSpeech(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    /^(HPE_|ERR_SSL_.*(VERSION_NUMBER|TOO_LONG))/.test(String(error.code))
  );
}

export function limitReached(proxy: ProxyServer, target: string, limitMs: number): TimeoutError {
  return new TimeoutError(`no connection to ${target} through ${labelOf(proxy)} in ${limitMs / 1000} s`, {
    code: 'proxy-unreachable',
    hint: goAround(proxy),
  });
}

/** A refusal to connect on. */
export function proxyAnswered(proxy: ProxyServer, authority: string, status: number): BaiError {
  // Tinyproxy has 401 for a wrong password.
  if (status === 407 || status === 401) return proxyWantsLogin(proxy);
  const what = status < 500 ? 'does not let bai connect to' : 'gets no connection to';
  return proxyRefused(proxy, {
    what: `${what} ${authority} (status ${status})`,
    isLasting: status < 500,
    status,
  });
}

interface ProxyRefusal {
  /** Behind the proxy's name. */
  readonly what: string;
  /** It is not a matter of the far side being away. */
  readonly isLasting: boolean;
  readonly status?: number;
}

export function proxyRefused(
  proxy: ProxyServer,
  { what, isLasting, status }: ProxyRefusal,
): UnreachableError {
  return new UnreachableError(`${labelOf(proxy)} ${what}`, {
    code: 'proxy-refused',
    hint: isLasting
      ? `many proxies let only some hosts and ports through: ask whoever runs it; or ${goAround(proxy)}`
      : `check the endpoint, and that the server there runs; or ${goAround(proxy)}`,
    details: { proxy: proxy.name, ...(status !== undefined && { status }) },
  });
}

export function proxyWantsLogin(proxy: ProxyServer): DeniedError {
  const { login, kind, variable } = proxy;
  const said =
    login === undefined ? 'asks for a user name and a password' : 'refuses its user name or password';
  return new DeniedError(`${labelOf(proxy)} ${said}`, {
    code: 'proxy-auth',
    hint: `write them as ${variable}=${kind}://USER:PASSWORD@${proxy.host}:${proxy.port}, with %40 for @, %3A for : and %2F for /`,
    details: { proxy: proxy.name },
  });
}

/** What answers there is a proxy of another kind, or none. */
export function speaksOtherwise(proxy: ProxyServer, cause: unknown): UnreachableError {
  const protocol = proxy.kind.startsWith('socks') ? `SOCKS ${proxy.kind[5]}` : 'HTTP';
  return new UnreachableError(`${labelOf(proxy)} does not speak ${protocol}`, {
    code: 'proxy-unreachable',
    hint: `check which kind of proxy it is; ${goAround(proxy)}`,
    cause,
  });
}
