/** Which login a request names: the header's, or the cookie's where there is no header. */

import type { IncomingMessage } from 'node:http';
import type { Login, Logins } from './logins.ts';

export const loginHeader = 'X-BackendAI-SessionID';
export const loginCookie = 'AIOHTTP_SESSION';

export function loginOf(request: IncomingMessage, logins: Logins): Login | undefined {
  const header = request.headers['x-backendai-sessionid'];
  return logins.find(typeof header === 'string' ? header : cookieOf(request.headers.cookie ?? ''));
}

function cookieOf(header: string): string | undefined {
  const pairs = header.split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name]) => name === loginCookie)?.[1]?.replaceAll('"', '');
}
