/** What the manager's refusals and the network's failures mean. */

import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { limitTime } from '../../src/core/time-limit.ts';
import { InterruptedError } from '../../src/errors.ts';
import { networkError } from '../../src/net/network-error.ts';
import { isProblem, parseProblem, refusalError } from '../../src/providers/backend-ai/manager/problem.ts';

const now = new Date('2026-01-01T12:00:00Z');

/** An answer as far as a refusal looks at one. */
function answer(date: string | undefined = now.toUTCString()): IncomingMessage {
  return { headers: { date } } as IncomingMessage; // Nothing else of it is read.
}

function refusal(status: number, body: unknown, date?: string) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return refusalError('create the session', parseProblem(status, text), answer(date), now);
}

const of = (slug: string, more: object = {}) => ({
  type: `https://api.backend.ai/probs/${slug}`,
  title: 'A title.',
  ...more,
});

test.each([
  [401, of('auth-failed'), 3, 'auth-failed'],
  [403, of('generic-forbidden'), 3, 'forbidden'],
  [404, of('object-not-found'), 4, 'not-found'],
  [405, of('method-not-allowed'), 1, 'not-supported'],
  [409, of('active-login-session-exists'), 6, 'conflict'],
  [412, of('quota-exceeded'), 6, 'quota-exceeded'],
  [400, of('quota-exceeded'), 6, 'quota-exceeded'],
  [400, of('session-already-exists'), 6, 'session-exists'],
  [400, of('invalid-api-params'), 1, 'refused'],
  [429, of('rate-limit-exceeded'), 5, 'rate-limited'],
  [500, of('internal-server-error'), 1, 'server-error'],
  [501, of('not-implemented'), 1, 'not-supported'],
  [502, '<html>Bad Gateway</html>', 5, 'unavailable'],
  [503, of('server-frozen'), 5, 'unavailable'],
  [504, '', 5, 'unavailable'],
  [418, '{', 1, 'refused'],
])('%d %j ends with %d, code %s', (status, body, exitCode, code) => {
  const error = refusal(status, body);
  expect(error).toMatchObject({ exitCode, code, details: { status } });
  expect(error.message).toMatch(/^cannot create the session: ./);
});

test.each([401, 403, 404, 409, 412, 429, 500, 502, 503, 400])('%d comes with a next step', (status) => {
  expect(refusal(status, of('any')).hint).toBeTypeOf('string');
});

test('title, message and field errors are all told', () => {
  const body = of('invalid-api-params', { msg: 'Input validation error', data: { name: 'is required' } });
  expect(refusal(400, body).message).toBe(
    'cannot create the session: A title. Input validation error name: is required',
  );
});

test("an agent's own words are told, without Python around them", () => {
  const body = of('kernel-execution-failed', { 'agent-details': { exception: "KeyError('disk full')" } });
  expect(refusal(500, body).message).toBe('cannot create the session: A title. disk full');
});

test('null in place of text is no word', () => {
  const body = { type: null, title: null, msg: null, data: null, error_code: null };
  expect(refusal(400, body).message).not.toContain('null');
});

test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
  'a kind of problem that is called %s is none that bai knows, and no bug',
  (slug) => {
    expect(refusal(400, of(slug))).toMatchObject({ code: 'refused', exitCode: 1 });
  },
);

test('a body that is no problem document leaves the status', () => {
  expect(refusal(500, '<html>').message).toBe(
    'cannot create the session: the manager or a proxy before it answered 500',
  );
});

test('slug and error code are part of the JSON form', () => {
  const error = refusal(404, of('object-not-found', { error_code: 'session_read_not-found' }));
  expect(error.details).toEqual({
    status: 404,
    type: 'object-not-found',
    errorCode: 'session_read_not-found',
  });
  expect(isProblem(error)).toBe(true);
  expect(isProblem(new Error('other'))).toBe(false);
});

test.each([
  ['2026-01-01T12:20:00Z', '20 minutes behind'],
  ['2026-01-01T11:00:00Z', '60 minutes ahead of'],
])('a manager at %s finds this clock %s its own', (theirs, words) => {
  const error = refusal(400, of('invalid-auth-params'), new Date(theirs).toUTCString());
  expect(error).toMatchObject({ code: 'clock-skew', exitCode: 3 });
  expect(error.message).toContain(words);
});

test('a clock that differs by less than the window is not blamed', () => {
  const date = new Date(now.getTime() + 13 * 60_000).toUTCString();
  expect(refusal(401, of('auth-failed'), date).code).toBe('auth-failed');
  expect(refusal(401, of('auth-failed'), 'nonsense').code).toBe('auth-failed');
});

const url = new URL('https://api.example.com:8443/x');
const failed = (code: string) => Object.assign(new Error(code), { code });

test.each([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ECONNRESET',
  'EPIPE',
  'EPROTO',
])('%s is "unreachable" and names the manager', (code) => {
  const error = networkError(failed(code), url);
  expect(error).toMatchObject({ exitCode: 5, code: 'unreachable' });
  expect(error).toMatchObject({ message: expect.stringContaining('https://api.example.com:8443') });
  expect(error).toMatchObject({ hint: expect.any(String) });
});

test.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID'])(
  '%s is about the certificate',
  (code) => expect(networkError(failed(code), url)).toMatchObject({ code: 'tls', exitCode: 5 }),
);

test.each(['HPE_INVALID_CONSTANT', 'ERR_SSL_WRONG_VERSION_NUMBER'])('%s: no HTTP is spoken there', (code) => {
  expect(networkError(failed(code), url)).toMatchObject({ exitCode: 5 });
});

test('an error nobody foresaw stays what it is', () => {
  const error = new TypeError('x');
  expect(networkError(error, url)).toBe(error);
});

test('only the user’s interrupt is one: a limit of bai’s own that ends a request is a time that is over', async () => {
  await using server = await silentServer();
  const ask = async (signal: AbortSignal): Promise<unknown> => {
    const request = get(server.url, { signal });
    const [error]: unknown[] = await once(request, 'error');
    return networkError(error, server.url);
  };
  const interrupt = new InterruptedError();
  const user = new AbortController();
  const asked = ask(user.signal);
  user.abort(interrupt);
  expect(await asked).toBe(interrupt);
  using limit = limitTime(new AbortController().signal, 50);
  expect(await ask(limit.signal)).toMatchObject({ code: 'timeout', exitCode: 5 });
  expect(await ask(AbortSignal.timeout(50))).toMatchObject({ code: 'timeout', exitCode: 5 });
});

async function silentServer(): Promise<{ readonly url: URL } & AsyncDisposable> {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
