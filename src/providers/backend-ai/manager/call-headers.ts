/** Who a call is from: signed with a keypair, by the login of a web console, or by nobody. */

import { acceptEncoding } from '../../../net/decode.ts';
import { authorization, type SigningKey } from './signature.ts';

/** What a login at a web console is to the calls that go by it. */
interface CallLogin {
  readonly id: string;
  headers(): Readonly<Record<string, string>>;
  tunnelHeaders(): Readonly<Record<string, string>>;
  /** See `ConsoleLogin.renew`. */
  renew(refused: string, signal: AbortSignal): Promise<boolean>;
}

export interface Caller {
  /** Without a key calls go out unsigned, and the manager refuses most of them. */
  readonly key: SigningKey | undefined;
  /** Where the endpoint is a web console, which passes calls below `/func` on to the manager: then no key is used. */
  readonly login?: CallLogin | undefined;
  readonly domain: string;
  readonly userAgent: string;
  readonly now: () => Date;
}

interface CallTarget {
  readonly method: string;
  readonly url: URL;
  /** The API version that manager and client agreed on. */
  readonly api: string;
  /** Of the body; nothing without one. */
  readonly contentType?: string | undefined;
  readonly isTunnel?: boolean;
}

/** Good for one attempt: a signature carries the time. */
export function callHeaders(caller: Caller, target: CallTarget): Record<string, string> {
  const { method, url, api, contentType, isTunnel } = target;
  const { key, login } = caller;
  const headers: Record<string, string> = {
    'User-Agent': caller.userAgent,
    'X-BackendAI-Version': api,
    'X-BackendAI-Domain': caller.domain,
    ...acceptEncoding,
    ...(contentType !== undefined && { 'Content-Type': contentType }),
  };
  if (login !== undefined) return { ...headers, ...(isTunnel ? login.tunnelHeaders() : login.headers()) };
  const date = caller.now().toISOString();
  if (key === undefined) return { ...headers, Date: date };
  const parts = {
    ...{ method, date, version: api, host: url.host, target: url.pathname + url.search },
    contentType: contentType ?? 'application/octet-stream',
  };
  return { ...headers, Date: date, Authorization: authorization(parts, key) };
}
