/** What an HTTP status means, whoever answers it. */

import type { ErrorCode } from '../error-codes/index.ts';
import { type BaiError, DeniedError, type ErrorFacts, ProtocolError, UnreachableError } from '../errors.ts';
import type { ServerName } from './server-name.ts';

export interface StatusMeaning {
  readonly Failure: new (message: string, facts: ErrorFacts) => BaiError;
  /** Nothing: the class's own. */
  readonly code?: ErrorCode;
  readonly hint: string;
}

const tryAgain: StatusMeaning = { Failure: UnreachableError, code: 'unavailable', hint: 'try again' };

const byStatus: Readonly<Record<number, StatusMeaning>> = {
  407: {
    Failure: DeniedError,
    code: 'proxy-auth',
    hint: 'a proxy in between requires a login: name it with HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT',
  },
  408: tryAgain,
  425: tryAgain,
  429: { Failure: UnreachableError, code: 'rate-limited', hint: 'wait some minutes and try again' },
  511: {
    Failure: UnreachableError,
    code: 'unavailable',
    hint: 'this network wants you to sign in first: open any page in a browser',
  },
};

/** Nothing for a status that only the server itself can explain. */
export function meaningOfStatus(status: number, { name }: ServerName): StatusMeaning | undefined {
  if (byStatus[status] !== undefined) return byStatus[status];
  if ([405, 501, 505].includes(status))
    return { Failure: ProtocolError, code: 'not-supported', hint: `${name} does not offer it` };
  // All further ones of this class are a gateway's (502 to 504, Cloudflare's 520 to 530) and pass.
  if (status > 500)
    return {
      Failure: UnreachableError,
      code: 'unavailable',
      hint: `${name} is down or in maintenance: try again later`,
    };
  return undefined;
}
