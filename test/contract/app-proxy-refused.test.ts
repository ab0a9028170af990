/** What can go wrong on the way over an app proxy, each with its own code, and what of it is said. */

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BaiError } from '../../src/errors.ts';
import { openProxyGround, type ProxyGround } from './app-proxy-ground.ts';

let ground: ProxyGround;
beforeAll(async () => {
  ground = await openProxyGround();
});
afterAll(() => ground?.[Symbol.asyncDispose]());
afterEach(() => ground.emulator.faults.clear());

async function failureOf(attempt: Promise<unknown>): Promise<BaiError> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BaiError) return error;
  throw new Error(`it ended with ${String(error)}`);
}

const banner = (stream: Duplex): string => String(stream.read());
const addresses = ['10.0.0.0/8'];

test('a dial ends at the sshd of the session; who may use the port is said, and no token', async () => {
  const access = await ground.access({});
  expect(access.gateway).toMatchObject({ via: 'proxy', host: '127.0.0.1', allowedFrom: 'everywhere' });
  const stream = await access.dial(new AbortController().signal);
  expect(banner(stream)).toMatch(/^SSH-2\.0-/);
  stream.destroy();
  expect(ground.told).toEqual([
    `port ${access.gateway?.port} of 127.0.0.1 leads to sshd of session demo, and is open to everybody who can reach it until the session ends`,
  ]);
});

test('only the app proxy sees its token, and no secret of the account', async () => {
  await ground.access({});
  const { requests = [] } = ground.emulator.appProxy ?? {};
  expect(requests.length).toBeGreaterThan(0);
  expect(requests.every(({ target }) => /^\/(v2\/proxy\/auth|setup)\?/.test(target))).toBe(true);
  expect(requests.some(({ target }) => target.includes(ground.emulator.secretKey))).toBe(false);
});

test('`me` is the address of the connection to the app proxy', async () => {
  const access = await ground.access({ allowFrom: 'me' });
  expect(access.gateway?.allowedFrom).toEqual(['127.0.0.1/32']);
  const stream = await access.dial(new AbortController().signal);
  expect(banner(stream)).toMatch(/^SSH-2\.0-/);
  stream.destroy();
});

test('who is not let in is told which addresses are, and what its own is', async () => {
  const before = ground.emulator.appProxy?.accepted;
  const error = await failureOf(ground.dial({ allowFrom: addresses }));
  expect(error).toMatchObject({ code: 'address-not-allowed', exitCode: 3 });
  expect(error.message).toMatch(/lets in 10\.0\.0\.0\/8 alone.*own address there is 127\.0\.0\.1/);
  expect(ground.emulator.appProxy?.accepted).toBe(before);
});

const unavailable = {
  type: 'https://api.backend.ai/probs/appproxy/worker-not-available',
  title: 'Worker not available.',
};
const answers = [
  ['no worker has a free port', 'GET /v2/proxy/auth', 503, unavailable, 'no-proxy-worker'],
  ['the address list is refused', 'GET /v2/proxy/auth', 400, addressRefusal(), 'addresses-refused'],
  ['a gateway stands before it', 'GET /v2/proxy/auth', 502, '<html>', 'unavailable'],
  ['it answers with a page', 'GET /v2/proxy/auth', 200, '<html>', 'protocol'],
  ['it names a file', 'GET /v2/proxy/auth', 200, { redirect_url: 'file:///etc/passwd' }, 'protocol'],
  ['it names a password', 'GET /v2/proxy/auth', 200, { redirect_url: 'http://u:p@127.0.0.1/' }, 'protocol'],
  [
    'the worker names no port',
    'GET /setup',
    200,
    { redirectURI: 'http://localhost:45678/start' },
    'protocol',
  ],
  ['the worker names an option', 'GET /setup', 200, setupTo('tcp://-oProxyCommand=x:22'), 'protocol'],
  ['the worker names port 0', 'GET /setup', 200, setupTo('tcp://127.0.0.1:0'), 'protocol'],
  ['the worker is nowhere', 'GET /setup', 200, setupTo('tcp://0.0.0.0:22'), 'protocol'],
  ['the worker fails again and again', 'GET /setup', 500, {}, 'server-error'],
  ['the manager fails', 'POST /session/*/start-service', 500, internal(), 'app-proxy-refused'],
  ['the manager has none', 'POST /session/*/start-service', 503, internal(), 'no-app-proxy'],
  [
    'the manager gives no address',
    'POST /session/*/start-service',
    200,
    { token: 'x', wsproxy_addr: null },
    'no-app-proxy',
  ],
  [
    'the manager names no web address',
    'POST /session/*/start-service',
    200,
    { token: 'x', wsproxy_addr: 'x' },
    'protocol',
  ],
] as const;

test.each(answers)('when %s nothing is dialled', async (_, route, status, body, code) => {
  using _fault = ground.emulator.faults.add({ kind: 'answer', route, status, body });
  const error = await failureOf(ground.access({ allowFrom: addresses }));
  expect([error.code, error.message]).toEqual([code, expect.not.stringMatching(/token=|passwd/)]);
});

test('a worker that hears of its port a little late is asked again', async () => {
  using _fault = ground.emulator.faults.add({ kind: 'answer', route: 'GET /setup', status: 502 }, 1);
  expect((await ground.access({})).gateway?.via).toBe('proxy');
});

test('a token that the app proxy does not know is told as that', async () => {
  using _fault = ground.emulator.faults.add({
    ...{ kind: 'answer', route: 'POST /session/*/start-service', status: 200 },
    body: { token: '00000000-0000-4000-8000-000000000000', wsproxy_addr: ground.emulator.appProxy?.endpoint },
  });
  expect(await failureOf(ground.access({}))).toMatchObject({ code: 'app-proxy-token', exitCode: 3 });
});

test('a port that is wished for is the one that is opened; one that cannot be is told', async () => {
  const { session } = ground;
  const signal = new AbortController().signal;
  const [taken] = ground.emulator.appProxy?.ports ?? [];
  const wish = ground.provider({ allowFrom: ['127.0.0.0/8'] });
  const error = await failureOf(wish.access(session, { signal, port: taken }));
  expect(error).toMatchObject({ code: 'gateway-port-taken', exitCode: 6 });
});

test('an app that speaks HTTP has no such port', async () => {
  const app = { name: 'ttyd', protocol: 'http', ports: [7681] };
  const opening = ground
    .provider({})
    .apps?.gateway?.(ground.session, app, { signal: new AbortController().signal });
  expect(await failureOf(Promise.resolve(opening))).toMatchObject({ code: 'unsupported' });
});

describe('with an app proxy of its own', () => {
  test('a worker that is away is told at once', async () => {
    await using own = await openProxyGround();
    const access = await own.access({});
    own.emulator.appProxy?.stopWorker();
    const error = await failureOf(access.dial(new AbortController().signal));
    expect(error).toMatchObject({ code: 'gateway-unreachable', exitCode: 5 });
  });

  test('the end of a session ends connections, though the app proxy does not pass it on', async () => {
    await using own = await openProxyGround();
    const stream = await own.dial({});
    stream.resume();
    const ended = once(stream, 'end');
    await own.emulator.sessions.get('demo').end('TERMINATED', 'user-requested');
    await ended;
  }, 60_000);

  test('sessions that have ended hang up without a byte', async () => {
    await using own = await openProxyGround();
    const access = await own.access({});
    await own.emulator.sessions.get('demo').end('TERMINATED', 'user-requested');
    expect(await failureOf(access.dial(new AbortController().signal))).toMatchObject({
      code: 'sshd-not-greeting',
    });
  });

  test('a coordinator that does not take what the manager sends is told as that', async () => {
    await using own = await openProxyGround({ appProxy: { refusesManager: true } });
    expect(await failureOf(own.access({}))).toMatchObject({ code: 'app-proxy-refused', exitCode: 1 });
  });
});

describe('on 23.09.10', () => {
  test('there is no app proxy; addresses would have no effect, which is said before anything is opened', async () => {
    await using own = await openProxyGround({ release: '23.09.10' });
    expect(await failureOf(own.access({}))).toMatchObject({ code: 'no-app-proxy', exitCode: 1 });
    expect(await failureOf(own.access({ allowFrom: addresses }))).toMatchObject({ code: 'not-supported' });
  });
});

test('an upload session is reached on the machine that it runs on, and no other one is', async () => {
  await using own = await openProxyGround({}, 'system');
  const access = await own.access({ via: 'direct' });
  expect(access.gateway).toEqual({ via: 'direct', host: '127.0.0.1', port: expect.any(Number) });
  const stream = await access.dial(new AbortController().signal);
  expect(banner(stream)).toMatch(/^SSH-2\.0-/);
  stream.destroy();
  expect(own.told).toEqual([]);
  expect(await failureOf(ground.access({ via: 'direct' }))).toMatchObject({ code: 'no-direct-access' });
});

function internal() {
  return { type: 'https://api.backend.ai/probs/internal-server-error', title: 'Internal server error.' };
}

function setupTo(gateway: string) {
  return {
    redirectURI: `http://localhost:45678/start?directTCP=true&gateway=${encodeURIComponent(gateway)}`,
  };
}

function addressRefusal() {
  return {
    type: 'https://api.backend.ai/probs/invalid-api-params',
    title: 'Missing or invalid API parameters.',
    data: { errors: [{ type: 'value_error', loc: ['allowed_client_ips'], msg: 'Value error' }] },
  };
}
