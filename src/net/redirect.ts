/** Answers that name another address. */

import type { IncomingMessage } from 'node:http';
import { UnreachableError } from '../errors.ts';

/** Signatures and tokens are for one host; following a redirect would hand them to another. */
export function redirected(endpoint: URL, { headers }: IncomingMessage): UnreachableError {
  return new UnreachableError(
    `${endpoint.origin} sends requests on to ${headers.location ?? 'another address'}`,
    { code: 'redirected', hint: 'set the endpoint to the address requests end at' },
  );
}
