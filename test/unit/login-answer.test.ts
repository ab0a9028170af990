/** What a web console says to e-mail and password, as genuine ones of 24.09 to 26.9 were seen to say it. */

import { expect, test } from 'vitest';
import { readLoginAnswer } from '../../src/providers/backend-ai/console/login-answer.ts';

const type = (slug: string): string => `https://api.backend.ai/probs/${slug}`;
const refused = (slug: string, details: string | null = null) => ({
  authenticated: false,
  data: { type: type(slug), title: 'Something.', details },
});

test.each([
  ['26.9 to a wrong password', 401, refused('auth-failed', 'User credential mismatch.'), 'mismatch'],
  ['25.15 to a wrong password', 200, refused('auth-failed', 'User credential mismatch.'), 'mismatch'],
  [
    'an e-mail that is not verified',
    401,
    refused('auth-failed', 'This account needs email verification.'),
    'unverified',
  ],
  [
    'an expired password',
    401,
    refused('password-expired', 'Password expired on 2026-10-31'),
    'password-expired',
  ],
  ['a code that is needed', 200, refused('require-totp-authentication'), 'code-needed'],
  ['a wrong code', 400, refused('rejected-by-hook', 'Invalid TOTP code provided'), 'code-wrong'],
  ['a second factor that has to be set up', 200, refused('require-totp-registration'), 'code-setup'],
  ['too many logins', 409, refused('active-login-session-exists'), 'too-many-logins'],
  [
    'a blocked e-mail',
    429,
    { type: type('too-many-requests'), title: 'Too many failed login attempts' },
    'blocked',
  ],
  [
    'a login sent along',
    400,
    { type: type('generic-bad-request'), title: 'You have already logged in.' },
    'already-in',
  ],
] as const)('%s is told apart', (_case, status, body, why) => {
  expect(readLoginAnswer(status, JSON.stringify(body))).toMatchObject({ kind: 'refused', why });
});

test('nobody is signed in by status or by what stands beside it', () => {
  const data = { access_key: 'AKIA', role: 'user', status: 'active' };
  const right = { authenticated: true, data };
  expect(readLoginAnswer(200, JSON.stringify(right))).toEqual({
    kind: 'in',
    accessKey: 'AKIA',
    role: 'user',
  });
  for (const status of [201, 302, 401, 500])
    expect(readLoginAnswer(status, JSON.stringify(right)).kind).not.toBe('in');
  for (const authenticated of [false, 'true', 1, null, undefined])
    expect(readLoginAnswer(200, JSON.stringify({ authenticated, data })).kind).not.toBe('in');
});

test.each([
  '',
  '<html>',
  '[]',
  'null',
  '{"authenticated":{}}',
  '{"data":7}',
  '{"type":"__proto__"}',
  '{"type":"x/constructor"}',
])('%j is no answer of a web console', (body) => {
  expect(readLoginAnswer(200, body).kind).toBe('strange');
});

test('what a server says is one line without control characters', () => {
  const answer = readLoginAnswer(401, JSON.stringify(refused('auth-failed', 'a\u001b[31m\nb')));
  expect(answer).toMatchObject({ kind: 'refused', why: 'mismatch' });
});
