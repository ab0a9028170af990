/** Why a WebSocket did not open although something answered. */

import type { IncomingMessage } from 'node:http';
import { UnreachableError } from '../../../errors.ts';
import type { Problem } from './problem.ts';

export interface UpgradeFailure {
  /** Completes "cannot …". */
  readonly what: string;
  readonly error: unknown;
  readonly response: IncomingMessage | undefined;
  /** It was asked for with. */
  readonly headers: Readonly<Record<string, string>>;
  /** The login was made anew for it. */
  readonly isRenewed: boolean;
  readonly signal: AbortSignal;
}

/** In place of an error: the login was over, and there is another one now. */
export const signedInAgain = Symbol('signed in again');

/**
 * A manager that says nothing more than "bad request" misses the headers `Upgrade` and `Connection`, which a reverse
 * proxy takes away unless it is told otherwise. What does not come from a manager at all is the proxy's own answer.
 */
export function lostUpgrade({ status, slug, detail }: Problem): boolean {
  if (status === 426) return true;
  if (status < 400 || status >= 500 || speakForThemselves.has(status)) return false;
  return slug === '' || (status === 400 && slug === 'generic-bad-request' && detail === '');
}

/** A login, at the manager or at a proxy, and what passes. */
const speakForThemselves: ReadonlySet<number> = new Set([401, 407, 408, 425, 429]);

export function upgradeFailed(what: string, cause: unknown, status?: number): UnreachableError {
  const answered = status === undefined ? '' : ` (status ${status})`;
  return new UnreachableError(`cannot ${what}: the WebSocket did not open${answered}`, {
    code: 'upgrade-failed',
    hint: 'a proxy before the manager does not pass WebSockets on: in nginx it needs `proxy_http_version 1.1`, `proxy_set_header Upgrade $http_upgrade` and `proxy_set_header Connection "upgrade"`; in Apache `upgrade=websocket` with ProxyPass',
    cause,
    ...(status !== undefined && { details: { status } }),
  });
}
