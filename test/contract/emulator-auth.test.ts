/** Handshake, signatures, versions, problems, unknown routes. */

import { expect, test } from 'vitest';
import { openBed } from './emulator-client.ts';

const echo = '/auth?echo=hello%20there';

test('the handshake needs no signature and names release and API version', async () => {
  await using bed = await openBed({ release: '23.09.10' });
  const reply = await bed.call('GET', '/', { signed: false, version: null });
  expect(reply.json()).toEqual({ version: 'v7.20230615', manager: '23.09.10' });
});

test.each([
  ['23.03.12', 'v7.20230615'],
  ['24.03.7', 'v8.20240315'],
  ['24.09.1', 'v8.20240915'],
  ['25.11.0', 'v8.20240915'],
  ['25.12.0', 'v9.20250722'],
  ['26.9.6', 'v9.20250722'],
])('release %s speaks API %s', async (release, version) => {
  await using bed = await openBed({ release });
  expect((await bed.call('GET', '/', { signed: false })).json()).toEqual({ version, manager: release });
});

test('a request signed over path, query, host and content type is let in', async () => {
  await using bed = await openBed();
  const reply = await bed.call('GET', echo);
  expect([reply.status, reply.json()]).toEqual([200, { authorized: 'yes', echo: 'hello there' }]);
  expect(reply.headers['x-ratelimit-limit']).toBe('30000');
  const posted = await bed.call('POST', '/auth', {
    json: { echo: 'x' },
    contentType: 'application/json; charset=utf-8',
  });
  expect(posted.status).toBe(200);
});

test.each([
  ['26.9.6', 'HMAC signature mismatch', 'Access key not found in HMAC', 'user_auth_unauthorized'],
  ['23.09.10', 'Signature mismatch', 'Access key not found', undefined],
])(
  'release %s words a wrong secret and an unknown key in its way',
  async (release, mismatch, unknown, code) => {
    await using bed = await openBed({ release });
    const wrong = await bed.call('GET', echo, { secretKey: 'no' });
    expect([wrong.status, wrong.json()]).toEqual([
      401,
      problem('auth-failed', 'Credential/signature mismatch.', code, mismatch),
    ]);
    const nobody = await bed.call('GET', echo, { accessKey: 'AKIANOBODY' });
    expect([nobody.status, nobody.json()['msg']]).toEqual([401, unknown]);
  },
);

test('a query that was not signed is refused', async () => {
  await using bed = await openBed();
  const url = new URL('/auth?echo=a', bed.emulator.endpoint);
  const headers = bed.headers('GET', url);
  const reply = await bed.call('GET', '/auth?echo=b', { signed: false, headers });
  expect(reply.status).toBe(401);
});

test('a clock 20 minutes off, either way, is refused; 10 minutes are not', async () => {
  await using bed = await openBed();
  const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  for (const minutes of [-20, 20]) {
    const reply = await bed.call('GET', echo, { date: at(minutes) });
    expect([reply.status, reply.json()['msg']]).toEqual([400, 'Date/time sync error']);
  }
  expect((await bed.call('GET', echo, { date: at(-10) })).status).toBe(200);
});

test('missing and malformed credentials get the answers of the manager', async () => {
  await using bed = await openBed();
  const none = await bed.call('GET', echo, { signed: false });
  expect([none.status, none.json()['msg']]).toEqual([401, 'Unauthorized access']);
  const bearer = await bed.call('GET', echo, { signed: false, headers: { Authorization: 'Bearer x' } });
  expect([bearer.status, bearer.json()['msg']]).toEqual([400, 'Invalid authorization type name']);
  const nonsense = await bed.call('GET', echo, {
    signed: false,
    headers: { Authorization: 'BackendAI nonsense' },
  });
  expect(nonsense.status).toBe(500);
  const unversioned = await bed.call('GET', echo, { version: null });
  expect([unversioned.status, unversioned.json()['msg']]).toEqual([
    400,
    'API version missing in request headers',
  ]);
});

test('a newer API version than the release speaks is refused, an older one is not', async () => {
  await using bed = await openBed({ release: '23.09.10' });
  const newer = await bed.call('GET', echo, { version: 'v9.20250722' });
  expect([newer.status, newer.json()['msg']]).toEqual([400, 'Unsupported API version.']);
  expect((await bed.call('GET', echo, { version: 'v6.20220615' })).status).toBe(200);
});

test('a route nobody wrote is answered 501 and remembered; a wrong method is 405', async () => {
  await using bed = await openBed();
  expect((await bed.call('GET', '/nothing')).status).toBe(501);
  expect(bed.emulator.unknownRoutes).toEqual(['GET /nothing']);
  expect((await bed.call('PUT', '/session')).status).toBe(405);
});

test('the SSH key pair of the account: none, generated, uploaded, refused', async () => {
  await using bed = await openBed();
  expect((await bed.call('GET', '/auth/ssh-keypair')).json()).toEqual({ ssh_public_key: '' });
  const made = (await bed.call('PATCH', '/auth/ssh-keypair')).json<Record<string, string>>();
  expect(made['ssh_private_key']).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
  expect((await bed.call('GET', '/auth/ssh-keypair')).json()).toEqual({
    ssh_public_key: made['ssh_public_key'],
  });
  const pair = { pubkey: made['ssh_public_key'], privkey: made['ssh_private_key'] };
  expect((await bed.call('POST', '/auth/ssh-keypair', { json: pair })).json()).toEqual(made);
  const bad = await bed.call('POST', '/auth/ssh-keypair', { json: { pubkey: 'x', privkey: 'y' } });
  expect([bad.status, bad.json()['msg']]).toEqual([400, 'Invalid private key format']);
});

test('23.09 shows null for no key pair and stores whatever it is given', async () => {
  await using bed = await openBed({ release: '23.09.10' });
  expect((await bed.call('GET', '/auth/ssh-keypair')).json()).toEqual({ ssh_public_key: null });
  const reply = await bed.call('POST', '/auth/ssh-keypair', { json: { pubkey: 'x', privkey: 'y' } });
  expect(reply.json()).toEqual({ ssh_public_key: 'x\n', ssh_private_key: 'y\n' });
});

function problem(slug: string, title: string, code: string | undefined, msg: string) {
  const type = `https://api.backend.ai/probs/${slug}`;
  return code === undefined ? { type, title, msg } : { type, title, error_code: code, msg };
}
