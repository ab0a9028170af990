/** The web server's own refusals: a type and a title, without the manager's `error_code` and `msg`. */

import { randomBytes } from 'node:crypto';
import type { ReleaseBehaviour } from '../model/release.ts';
import type { Answer } from '../server/answer.ts';

const probs = 'https://api.backend.ai/probs/';

interface Words {
  readonly title: string;
  /** Of refusals that are not the web server's alone: from 25.8 on they have the manager's form. */
  readonly code?: string;
  readonly msg?: string;
}

export function refusal(status: number, slug: string, { title, code, msg }: Words): Answer {
  return {
    status,
    json: { type: probs + slug, title, ...(code && { error_code: code }), ...(msg && { msg }) },
    contentType: 'application/problem+json; charset=utf-8',
  };
}

/** Also for a login that has ended, and for requests that a keypair has signed: it is the one sign of all three. */
export function notLoggedIn(): Answer {
  return refusal(401, 'auth-failed', { title: 'Unauthorized access' });
}

/** In place of whatever the manager said to an upgrade, and where it says nothing. */
export function badGateway(behaviour: ReleaseBehaviour): Answer {
  const title = 'The proxy target server is inaccessible.';
  return refusal(502, 'bad-gateway', coded(behaviour, { title, code: 'api_request_unreachable' }));
}

/** To calls and logins. The genuine one of 26.9 says so once it has noticed; until then it is a bad gateway. */
export function managerAway(behaviour: ReleaseBehaviour): Answer {
  if (!behaviour.refusesLoginsByStatus) return badGateway(behaviour);
  return refusal(503, 'webserver/manager-connection-unavailable', {
    title: 'No healthy Manager endpoint is available.',
    code: 'api_request_unavailable',
    msg: 'no healthy endpoint is available',
  });
}

/** The manager's own. */
export function tooManyCalls(behaviour: ReleaseBehaviour): Answer {
  const title = 'You have reached your API query rate limit.';
  return refusal(429, 'rate-limit-exceeded', coded(behaviour, { title, code: 'api_access_unavailable' }));
}

function coded(behaviour: ReleaseBehaviour, { title, ...words }: Words): Words {
  return behaviour.atLeast('25.8') ? { title, ...words } : { title };
}

/** What a refused login shows of the manager's reason. */
export interface RefusedSignIn {
  /** As 26.9 answers it. */
  readonly status: number;
  /** Whether it counts towards the block. */
  readonly isFailure: boolean;
  readonly data: {
    readonly type: string;
    readonly title: string;
    readonly details: string | null;
    readonly two_factor_registration_token?: string;
  };
}

function refused(status: number, slug: string, words: readonly [string, string | null]): RefusedSignIn {
  const [title, details] = words;
  return { status, isFailure: status === 401, data: { type: probs + slug, title, details } };
}

export function mismatch(details = 'User credential mismatch.'): RefusedSignIn {
  return refused(401, 'auth-failed', ['Credential/signature mismatch.', details]);
}

export function passwordExpired(at: number): RefusedSignIn {
  const time = new Date(at).toISOString().replace('T', ' ').replace('Z', '000+00:00');
  return refused(401, 'password-expired', ['Password has expired.', `Password expired on ${time}.`]);
}

export function codeNeeded(): RefusedSignIn {
  return refused(200, 'require-totp-authentication', [
    'Two-Factor Authentication needed.',
    'You must authenticate using Two-Factor Authentication.',
  ]);
}

/** Read in the genuine one's code, and not seen. */
export function mustEnrolFirst(): RefusedSignIn {
  const { data, ...rest } = refused(200, 'require-totp-registration', [
    'Two-Factor Authentication registration required.',
    'You must register Two-Factor Authentication.',
  ]);
  return { ...rest, data: { ...data, two_factor_registration_token: randomBytes(16).toString('hex') } };
}

export function codeWrong(): RefusedSignIn {
  return refused(400, 'rejected-by-hook', [
    'Operation rejected by a hook plugin.',
    'Invalid TOTP code provided',
  ]);
}

export function tooManyLogins(): RefusedSignIn {
  return refused(409, 'active-login-session-exists', [
    'Too many concurrent login sessions for this user.',
    null,
  ]);
}
