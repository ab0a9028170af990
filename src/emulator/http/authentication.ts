/** Checks what every signed request must carry, in the order the manager does. */

import type { IncomingMessage } from 'node:http';
import { signature } from '../../providers/backend-ai/manager/signature.ts';
import type { Account } from '../model/accounts.ts';
import { authFailed, badRequest, internalError, invalidAuth } from '../model/problems.ts';
import type { ReleaseBehaviour } from '../model/release.ts';

/** How far a client's clock may be off, either way. */
const clockToleranceMs = 15 * 60_000;

/** Refuses an API version the release does not list; a request may come without one until it must be signed. */
export function checkVersion(request: IncomingMessage, behaviour: ReleaseBehaviour): void {
  const version = versionOf(request);
  if (version !== undefined && !behaviour.acceptedVersions.includes(version)) {
    throw badRequest('Unsupported API version.');
  }
}

/** The account whose key signed the request; throws the manager's problem otherwise. */
export function authenticate(
  request: IncomingMessage,
  accounts: readonly Account[],
  behaviour: ReleaseBehaviour,
): Account {
  const version = versionOf(request);
  if (version === undefined) throw invalidAuth('API version missing in request headers');
  const date = request.headers.date ?? headerText(request, 'x-backendai-date');
  const age = date === undefined ? Number.NaN : Math.abs(Date.now() - Date.parse(date));
  if (date === undefined || !(age <= clockToleranceMs)) throw invalidAuth('Date/time sync error');
  const { hash, accessKey, given } = credential(request);
  const account = accounts.find((candidate) => candidate.accessKey === accessKey);
  const words = behaviour.atLeast('26.1')
    ? { unknown: 'Access key not found in HMAC', mismatch: 'HMAC signature mismatch' }
    : { unknown: 'Access key not found', mismatch: 'Signature mismatch' };
  if (account === undefined) throw authFailed(words.unknown);
  const parts = {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    host: request.headers.host ?? '',
    date,
    contentType: request.headers['content-type'] ?? 'application/octet-stream',
    version,
  };
  if (expected(parts, account, hash) !== given) throw authFailed(words.mismatch);
  return account;
}

function expected(parts: Parameters<typeof signature>[0], account: Account, hash: string) {
  try {
    return signature(parts, { accessKey: account.accessKey, secretKey: account.secretKey, hash });
  } catch (error) {
    // A digest nobody knows: the real manager fails the same way, without a reason.
    if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_')) throw internalError();
    throw error;
  }
}

function credential(request: IncomingMessage): { hash: string; accessKey: string; given: string } {
  const header = request.headers.authorization;
  if (header === undefined) throw authFailed('Unauthorized access');
  if (!/^(?:BackendAI|Sorna) /.test(header)) throw invalidAuth('Invalid authorization type name');
  const match = /signMethod=HMAC-([\w-]+),\s*credential=([^:\s]+):([0-9a-f]+)\s*$/i.exec(header);
  if (match === null) throw internalError();
  const [, hash = '', accessKey = '', given = ''] = match;
  return { hash: hash.toLowerCase(), accessKey, given };
}

function versionOf(request: IncomingMessage): string | undefined {
  return headerText(request, 'x-backendai-version') ?? headerText(request, 'x-sorna-version');
}

function headerText(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
