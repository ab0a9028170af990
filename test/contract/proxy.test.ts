/** Proxies between bai and the manager: real ones that do their work, and ones that fail in each way there is. */

import { expect, test } from 'vitest';
import { type BaiResult, finished } from '../support/bai.ts';
import { makeCertificate } from '../support/certificate.ts';
import {
  microsocksMissing,
  startAnswering,
  startMicrosocks,
  startSshSocks,
  startTinyproxy,
  startTlsFront,
  type TestProxy,
  tinyproxyMissing,
} from '../support/proxies.ts';
import { sshdMissing } from '../support/sshd.ts';
import { until } from '../support/until.ts';
import { type EmulatorBed, openEmulator } from './app-bed.ts';

const login = { user: 'us er', password: 'p@ss:w%rd/1' };
const plainLogin = { user: 'kim', password: 'pass-word-1' };

/** A list, and a command over a tunnel: both ways to the manager. */
async function expectBothWays(bed: EmulatorBed, env: Readonly<Record<string, string>>): Promise<void> {
  const list = await bed.bai(['session', 'list'], { env });
  expect(list).toMatchObject({ code: 0, stderr: '' });
  const run = await bed.bai(['exec', 'demo', '--', 'echo', 'over there'], { env });
  expect(run).toMatchObject({ code: 0, stdout: 'over there\n' });
}

async function withTls(bed: EmulatorBed): Promise<{ front: TestProxy; env: Record<string, string> }> {
  const certificate = makeCertificate(bed.home);
  const front = await startTlsFront(Number(new URL(bed.emulator.endpoint).port), certificate);
  return {
    front,
    env: { BACKEND_ENDPOINT: `https://127.0.0.1:${front.port}`, NODE_EXTRA_CA_CERTS: certificate.file },
  };
}

const at = (scheme: string, { port }: TestProxy, who = ''): string => `${scheme}://${who}127.0.0.1:${port}`;

test.skipIf(tinyproxyMissing)('a plain proxy takes calls and tunnels of an http manager', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  await using proxy = await startTinyproxy();
  await expectBothWays(bed, { http_proxy: at('http', proxy) });
  expect(proxy.connections).toBeGreaterThan(1);
});

test.skipIf(tinyproxyMissing)('a plain proxy takes calls and wss tunnels of an https manager', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  await using proxy = await startTinyproxy();
  const { front, env } = await withTls(bed);
  await using _front = front;
  await expectBothWays(bed, { ...env, HTTPS_PROXY: at('http', proxy) });
  expect(proxy.connections).toBeGreaterThan(1);
  const { connections } = proxy;
  await expectBothWays(bed, { ...env, HTTPS_PROXY: at('http', proxy), NO_PROXY: '127.0.0.0/8' });
  expect(proxy.connections).toBe(connections);
});

test.skipIf(tinyproxyMissing)('a proxy over TLS (https://) works for http and https managers', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  await using proxy = await startTinyproxy();
  const { front, env } = await withTls(bed);
  await using _front = front;
  const certificate = { ...makeCertificate(bed.home), file: env['NODE_EXTRA_CA_CERTS'] ?? '' };
  await using secure = await startTlsFront(proxy.port, certificate);
  const trusted = { NODE_EXTRA_CA_CERTS: certificate.file };
  await using again = await startTlsFront(Number(new URL(bed.emulator.endpoint).port), certificate);
  const https = { BACKEND_ENDPOINT: `https://127.0.0.1:${again.port}` };
  await expectBothWays(bed, { ...trusted, HTTP_PROXY: at('https', secure) });
  await expectBothWays(bed, { ...trusted, ...https, HTTPS_PROXY: at('https', secure) });
  expect(proxy.connections).toBeGreaterThan(3);
  expect(await bed.bai(['session', 'list'], { env: { HTTP_PROXY: at('https', secure) } })).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(
      /certificate of the proxy https:\/\/127\.0\.0\.1:\d+ \(HTTP_PROXY\) .*self-signed/,
    ),
  });
});

test.skipIf(tinyproxyMissing)('host:port without a scheme means http, for an https manager too', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  await using proxy = await startTinyproxy();
  const { front, env } = await withTls(bed);
  await using _front = front;
  for (const name of ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'])
    await expectBothWays(bed, { ...env, [name]: `127.0.0.1:${proxy.port}` });
  expect(proxy.connections).toBeGreaterThan(4);
});

test.skipIf(tinyproxyMissing)(
  'user and password of a proxy stand in its address, percent-encoded',
  async () => {
    await using bed = await openEmulator();
    await bed.create('demo');
    await using proxy = await startTinyproxy(plainLogin);
    const { front, env } = await withTls(bed);
    await using _front = front;
    const who = `${plainLogin.user}:pass%2Dword%2D1@`;
    await expectBothWays(bed, { HTTP_PROXY: at('http', proxy, who) });
    await expectBothWays(bed, { ...env, HTTPS_PROXY: at('http', proxy, who) });
  },
);

test.skipIf(tinyproxyMissing).each([
  ['no login', '', 'asks for a user name and a password'],
  ['a wrong password', 'kim:not-that-1@', 'refuses its user name or password'],
])(
  'a proxy that answers 407 to %s has a code of its own, and its password is not shown',
  async (_what, who, words) => {
    await using bed = await openEmulator();
    await using proxy = await startTinyproxy(plainLogin);
    const { front, env } = await withTls(bed);
    await using _front = front;
    for (const [more, variable] of [
      [{}, 'HTTP_PROXY'],
      [env, 'HTTPS_PROXY'],
    ] as const) {
      const result = await failing(bed, { ...more, [variable]: at('http', proxy, who) });
      expect(result).toMatchObject({ code: 3, error: { code: 'proxy-auth' } });
      expect(result.stderr).toContain(`the proxy http://127.0.0.1:${proxy.port} (${variable}) ${words}`);
      expect(result.stderr).not.toContain('not-that-1');
    }
  },
);

test.skipIf(microsocksMissing).each(['socks5', 'socks5h', 'socks'])(
  '%s works with and without a login, for http and https',
  async (scheme) => {
    await using bed = await openEmulator();
    await bed.create('demo');
    await using open = await startMicrosocks();
    await using closed = await startMicrosocks(login);
    const { front, env } = await withTls(bed);
    await using _front = front;
    const who = `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@`;
    await expectBothWays(bed, { ALL_PROXY: at(scheme, open) });
    await expectBothWays(bed, { ...env, all_proxy: at(scheme, closed, who) });
    expect([open.connections, closed.connections].map((count) => count > 1)).toEqual([true, true]);
  },
);

test.skipIf(microsocksMissing)('a SOCKS proxy that wants another login has the code of 407', async () => {
  await using bed = await openEmulator();
  await using proxy = await startMicrosocks(login);
  for (const wrong of ['', 'kim:no@']) {
    const result = await failing(bed, { ALL_PROXY: at('socks5', proxy, wrong) });
    expect(result).toMatchObject({ code: 3, error: { code: 'proxy-auth' } });
  }
});

test.skipIf(sshdMissing).each(['socks4', 'socks4a', 'socks5', 'socks5h'])(
  '%s works through the dynamic forward of ssh, for addresses, names and https',
  async (scheme) => {
    await using bed = await openEmulator();
    await bed.create('demo');
    await using proxy = await startSshSocks();
    const { front, env } = await withTls(bed);
    await using _front = front;
    await expectBothWays(bed, { HTTP_PROXY: at(scheme, proxy) });
    await expectBothWays(bed, { ...env, HTTPS_PROXY: at(scheme, proxy) });
    const named = { BACKEND_ENDPOINT: `http://localhost:${new URL(bed.emulator.endpoint).port}` };
    await expectBothWays(bed, { ...named, HTTP_PROXY: at(scheme, proxy) });
    expect(proxy.connections).toBeGreaterThan(3);
  },
);

test.skipIf(microsocksMissing)('a SOCKS proxy that finds nothing behind it says so', async () => {
  await using bed = await openEmulator();
  await using proxy = await startMicrosocks();
  const env = { BACKEND_ENDPOINT: 'http://127.0.0.1:1', ALL_PROXY: at('socks5', proxy) };
  expect(await failing(bed, env)).toMatchObject({
    code: 5,
    error: {
      code: 'proxy-refused',
      message: expect.stringMatching(/^the proxy socks5:\/\/127.0.0.1:\d+ \(ALL_PROXY\) .*127\.0\.0\.1:1$/),
    },
  });
});

interface Failure extends BaiResult {
  readonly error: Record<string, unknown>;
}

/** As a person and as a script reads it. */
async function failing(bed: EmulatorBed, env: Readonly<Record<string, string>>): Promise<Failure> {
  const human = await bed.bai(['session', 'list'], { env });
  const json = await bed.bai(['session', 'list', '--json'], { env });
  expect([json.code, json.stdout]).toEqual([human.code, '']);
  const { error } = JSON.parse(json.stderr.trim().split('\n').at(-1) ?? '');
  expect(human.stderr).toContain(`error: ${error.message}\n`);
  if (error.hint !== undefined) expect(human.stderr).toContain(`hint: ${error.hint}\n`);
  return { ...human, stderr: human.stderr + json.stderr, error };
}

/** `http` for calls of an http manager, `https` for one with TLS: the proxy passes on, or connects on. */
const schemes = ['http', 'https'] as const;
const endpointOf = (scheme: string): string => `${scheme}://api.example.test:8443`;
const variableOf = (scheme: string): string => `${scheme.toUpperCase()}_PROXY`;

test.each(schemes)('a proxy that nothing listens at is named, not the manager (%s)', async (scheme) => {
  await using bed = await openEmulator();
  const env = {
    BACKEND_ENDPOINT: endpointOf(scheme),
    [variableOf(scheme)]: 'http://kim:secret-1@127.0.0.1:1',
  };
  const result = await failing(bed, env);
  expect(result).toMatchObject({ code: 5, error: { code: 'proxy-unreachable' } });
  expect(result.error['message']).toBe(
    `cannot reach the proxy http://127.0.0.1:1 (${variableOf(scheme)}): nothing listens there (ECONNREFUSED)`,
  );
  expect(result.stderr).not.toContain('secret-1');
});

test.each(schemes)('a proxy name that nobody knows is the name that is told (%s)', async (scheme) => {
  await using bed = await openEmulator();
  const env = {
    BACKEND_ENDPOINT: endpointOf(scheme),
    [variableOf(scheme)]: 'http://no-such-proxy.invalid:3128',
  };
  const { code, error } = await failing(bed, env);
  expect([code, error['code']]).toEqual([5, 'proxy-unreachable']);
  expect(error['message']).toContain('the proxy http://no-such-proxy.invalid:3128');
});

/** What each does with the first bytes it gets. */
const misbehaving: readonly (readonly [string, string, Parameters<typeof startAnswering>[0]])[] = [
  ['hangs up', 'proxy-unreachable', (_, socket) => socket.destroy()],
  ['resets', 'proxy-unreachable', (_, socket) => socket.resetAndDestroy()],
  ['speaks something else', 'proxy-unreachable', (_, socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
  [
    'answers 403',
    'proxy-refused',
    (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'),
  ],
  ['answers 503', 'proxy-refused', (_, socket) => socket.end('HTTP/1.1 503 Unavailable\r\n\r\n')],
  ['answers 200 to nothing', 'unreachable', (_, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n')],
];

test.each(misbehaving)('a proxy that %s at CONNECT is named: %s', async (_what, code, answer) => {
  await using bed = await openEmulator();
  await using proxy = await startAnswering(answer);
  const result = await failing(bed, {
    BACKEND_ENDPOINT: endpointOf('https'),
    HTTPS_PROXY: at('http', proxy),
  });
  expect(result).toMatchObject({ code: 5, error: { code } });
  if (code !== 'unreachable') expect(result.stderr).toContain(`http://127.0.0.1:${proxy.port} (HTTPS_PROXY)`);
});

test.each([
  ['hangs up', (_: Buffer, socket: { destroy(): void }) => socket.destroy()],
  [
    'speaks HTTP',
    (_: Buffer, socket: { end(text: string): void }) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  ],
])('a SOCKS proxy that %s is named', async (_what, answer) => {
  await using bed = await openEmulator();
  await using proxy = await startAnswering(answer);
  for (const scheme of ['socks4a', 'socks5h']) {
    const result = await failing(bed, {
      BACKEND_ENDPOINT: endpointOf('https'),
      ALL_PROXY: at(scheme, proxy),
    });
    expect(result).toMatchObject({ code: 5, error: { code: 'proxy-unreachable' } });
    expect(result.error['message']).toContain(`the proxy ${scheme}://127.0.0.1:${proxy.port} (ALL_PROXY)`);
  }
});

test('https:// of a plain proxy says that it speaks no TLS', async () => {
  await using bed = await openEmulator();
  await using proxy = await startAnswering((_, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  for (const scheme of schemes) {
    const env = { BACKEND_ENDPOINT: endpointOf(scheme), [variableOf(scheme)]: at('https', proxy) };
    const result = await failing(bed, env);
    expect(result).toMatchObject({ code: 5, error: { code: 'proxy-unreachable' } });
    expect(result.error['message']).toContain(`the proxy https://127.0.0.1:${proxy.port}`);
  }
});

const silent = ['http', 'https', 'socks4a', 'socks5h'];

test.each(silent)(
  'a proxy that accepts and says nothing is given up after connectTimeout (%s)',
  async (kind) => {
    await using bed = await openEmulator();
    await using proxy = await startAnswering(() => {});
    const env = {
      BACKEND_ENDPOINT: endpointOf('https'),
      HTTPS_PROXY: at(kind, proxy),
      BAI_CONNECT_TIMEOUT: '0.4',
    };
    const { code, error } = await failing(bed, env);
    expect([code, error['code']]).toEqual([5, 'proxy-unreachable']);
    expect(error['message']).toBe(
      `no connection to api.example.test:8443 through the proxy ${at(kind, proxy)} (HTTPS_PROXY) in 0.4 s`,
    );
  },
);

test.each(silent)('the first Ctrl-C ends the wait for a silent proxy (%s)', async (kind) => {
  await using bed = await openEmulator();
  await using proxy = await startAnswering(() => {});
  const env = {
    BACKEND_ENDPOINT: endpointOf('https'),
    HTTPS_PROXY: at(kind, proxy),
    BAI_CONNECT_TIMEOUT: '0',
  };
  const child = bed.start(['session', 'list'], { env });
  const end = finished(child);
  await until(() => proxy.connections > 0, 'the proxy has been asked');
  child.kill('SIGINT');
  expect(await end).toMatchObject({ code: 130, stdout: '' });
});

test('a plain request that a silent proxy holds back ends with readTimeout, and with Ctrl-C', async () => {
  await using bed = await openEmulator();
  await using proxy = await startAnswering(() => {});
  const env = { BACKEND_ENDPOINT: endpointOf('http'), HTTP_PROXY: at('http', proxy) };
  const result = await failing(bed, { ...env, BAI_READ_TIMEOUT: '0.3' });
  expect(result).toMatchObject({ code: 5, error: { code: 'timeout' } });
  const { connections } = proxy;
  const child = bed.start(['session', 'list'], { env });
  const end = finished(child);
  await until(() => proxy.connections > connections, 'the proxy has been asked');
  child.kill('SIGINT');
  expect(await end).toMatchObject({ code: 130, stdout: '' });
});

test('bytes that come right behind the answer to CONNECT are not lost', async () => {
  await using bed = await openEmulator();
  const hello = JSON.stringify({ version: 'v9.20250722', manager: '26.9.6' });
  await using proxy = await startAnswering((first, socket) => {
    expect(first.toString()).toMatch(/^CONNECT api\.example\.test:8443 HTTP\/1\.1\r\n/);
    // Not TLS, which is the only thing a client can be told before it has spoken.
    socket.write(`HTTP/1.1 200 Connection established\r\n\r\n${hello}`);
  });
  const { error } = await failing(bed, {
    BACKEND_ENDPOINT: endpointOf('https'),
    HTTPS_PROXY: at('http', proxy),
  });
  expect(error['message']).toMatch(
    /^cannot reach the manager at https:\/\/api\.example\.test:8443 through the proxy .*: no TLS is spoken there/,
  );
});

test.each(['ftp://127.0.0.1:21', 'http://', 'http://%zz', 'http://[::1', 'quic://a:1', 'http://a\nb:1'])(
  'a proxy variable that names none (%s) is said to, without its value',
  async (value) => {
    await using bed = await openEmulator();
    const result = await failing(bed, { HTTP_PROXY: value });
    expect(result).toMatchObject({ code: 2, error: { code: 'bad-proxy' } });
    expect(result.error['message']).toContain('HTTP_PROXY');
    expect(result.error['message']).not.toContain(value);
  },
);

test('a login that SOCKS has no room for is refused before anything is sent', async () => {
  await using bed = await openEmulator();
  const result = await failing(bed, { HTTP_PROXY: `socks5://kim:${'x'.repeat(300)}@127.0.0.1:1` });
  expect(result).toMatchObject({ code: 2, error: { code: 'bad-proxy' } });
});

test('a proxy of --env-file counts, and the environment wins over it', async () => {
  await using bed = await openEmulator();
  await using proxy = await startAnswering((_, socket) => socket.destroy());
  const { writeFileSync } = await import('node:fs');
  writeFileSync(`${bed.home}/x.env`, `HTTP_PROXY=http://127.0.0.1:${proxy.port}\n`);
  const args = ['--env-file', `${bed.home}/x.env`, 'session', 'list'];
  expect(await bed.bai(args)).toMatchObject({ code: 5, stderr: expect.stringContaining(`:${proxy.port} `) });
  expect(await bed.bai(args, { env: { NO_PROXY: '*' } })).toMatchObject({ code: 0 });
});

test('the local manager is not looked for through a proxy', async () => {
  await using bed = await openEmulator();
  const none = { BACKEND_ENDPOINT: '', BACKEND_ACCESS_KEY: '', BACKEND_SECRET_KEY: '' };
  const env = { ...none, HTTP_PROXY: 'http://127.0.0.1:1' };
  const up = await bed.bai(['local', 'up'], { env });
  const down = await bed.bai(['local', 'down'], { env });
  expect([up.code, down.code]).toEqual([0, 0]);
});
