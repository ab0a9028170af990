/** The web server's own refusals: a type and a title, without the manager's `error_code` and `msg`. */

import type { Answer } from '../server/answer.ts';

const probs = 'https://api.backend.ai/probs/';

export function refusal(status: number, slug: string, title: string): Answer {
  return {
    status,
    json: { type: probs + slug, title },
    contentType: 'application/problem+json; charset=utf-8',
  };
}

/** Also for a login that has ended, and for requests that a keypair has signed: it is the one sign of all three. */
export function notLoggedIn(): Answer {
  return refusal(401, 'auth-failed', 'Unauthorized access');
}

/** Of a tunnel: whatever the manager said; of a call: the manager did not answer. */
export function badGateway(): Answer {
  return refusal(502, 'bad-gateway', 'The proxy target server is inaccessible.');
}

/** What a refused login shows of the manager's reason. */
export interface RefusedSignIn {
  /** As 26.9 answers it. */
  readonly status: number;
  /** Whether it counts towards the block. */
  readonly isFailure: boolean;
  readonly data: { readonly type: string; readonly title: string; readonly details: string | null };
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
