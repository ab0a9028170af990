/** How the console calls the manager: in the name of an account, with that account's keypair. */

import { authorization } from '../../providers/backend-ai/manager/signature.ts';
import type { Account } from '../model/accounts.ts';

interface Call {
  readonly method: string;
  /** Path and query, as the client wrote them. */
  readonly target: string;
  readonly contentType?: string | undefined;
  readonly version: string;
}

export function signedHeaders(
  { method, target, contentType = 'application/octet-stream', version }: Call,
  { host }: URL,
  { accessKey, secretKey }: Account,
): Readonly<Record<string, string>> {
  const date = new Date().toISOString();
  const parts = { method, target, host, date, contentType, version };
  return { Date: date, Authorization: authorization(parts, { accessKey, secretKey }) };
}
