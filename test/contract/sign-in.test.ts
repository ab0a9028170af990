/** `bai login`, `bai whoami` and `bai logout` with a keypair or a token, and at addresses where nobody can sign in. */

import { readFileSync, statSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { defaultAccount } from '../../src/emulator/model/accounts.ts';
import { startUcloudEmulator } from '../../src/emulator/ucloud/emulator.ts';
import { createNetwork } from '../../src/net/network.ts';
import { recognise } from '../../src/wiring/recognise.ts';
import { type BaiResult, bai } from '../support/bai.ts';
import { makeCertificate } from '../support/certificate.ts';
import { openRescaleBed } from '../support/rescale-bed.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

let home: TempFolder;
let emulator: Awaited<ReturnType<typeof startEmulator>>;
beforeAll(async () => {
  home = tempFolder();
  emulator = await startEmulator({ homesRoot: join(home.path, 'homes') });
});
afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

const network = createNetwork({
  ...{ skipTlsVerify: false, connectTimeoutMs: 2_000, readTimeoutMs: 2_000, environment: {} },
});
afterAll(() => network.close());

const patient = createNetwork({
  ...{ skipTlsVerify: false, connectTimeoutMs: 600_000, readTimeoutMs: 600_000, environment: {} },
});
afterAll(() => patient.close());

const parts = {
  ...{ network, userAgent: 'bai/test', now: () => new Date(), signal: new AbortController().signal },
};
const look = (address: string) => recognise(address, parts);

/** A server for as long as `use` takes. */
async function at<T>(server: Server, use: (port: number) => Promise<T>): Promise<T> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  try {
    return await use(port);
  } finally {
    server.close();
    if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function')
      server.closeAllConnections();
  }
}

test("a manager's API is recognised, with and without what a browser adds", async () => {
  const { endpoint } = emulator;
  const expected = { endpoint, provider: 'backend.ai', way: 'keypair' };
  expect(await look(endpoint)).toMatchObject(expected);
  expect(await look(`${endpoint}/summary?tab=1#top`)).toMatchObject(expected);
  // Without a scheme https is tried first, which nothing answers here.
  expect(await look(endpoint.replace('http://', ' '))).toMatchObject(expected);
});

test('a UCloud and a platform of Rescale are recognised', async () => {
  await using ucloud = await startUcloudEmulator({ homesRoot: join(home.path, 'jobs') });
  expect(await look(ucloud.endpoint)).toMatchObject({ provider: 'ucloud', way: 'token' });
  await using rescale = await openRescaleBed();
  expect(await look(rescale.emulator.address)).toMatchObject({ provider: 'rescale', way: 'token' });
});

test('a redirect is followed to another address, and never from TLS to none', async () => {
  const { endpoint } = emulator;
  const send: RequestListener = (_request, response) =>
    void response.writeHead(302, { Location: endpoint }).end();
  await at(createServer(send), async (port) => {
    expect((await look(`http://127.0.0.1:${port}`)).endpoint).toBe(endpoint);
  });
  // Another host than the one that was typed is somebody's word for it.
  await at(createServer(send), async (port) => {
    expect((await look(`http://localhost:${port}`)).sentOnFrom).toBe('localhost');
    const typed = ['login', `http://localhost:${port}`, '--access-key', 'A', '--secret-key-stdin', '--json'];
    const { code, stderr } = await run(typed, 'secret');
    expect(code).toBe(5);
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '').error).toMatchObject({ code: 'redirected' });
  });
  const loop: RequestListener = (request, response) =>
    void response.writeHead(302, { Location: `${request.url}x` }).end();
  await at(createServer(loop), async (port) => {
    await expect(look(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'not-a-manager' });
  });
});

test('nobody can sign in at a dead, silent, HTML-answering or wrong-TLS address, each for its own reason', async () => {
  await expect(look('http://127.0.0.1:9')).rejects.toMatchObject({ code: 'unreachable', exitCode: 5 });
  await at(createTcpServer(), async (port) => {
    await expect(look(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'timeout', exitCode: 5 });
    // Without a scheme it is not asked for twice as long, however patient the settings are.
    const silent = recognise(`127.0.0.1:${port}`, { ...parts, network: patient }, 300);
    await expect(silent).rejects.toMatchObject({
      code: 'timeout',
      message: `127.0.0.1:${port} did not answer in 0 s`,
    });
  });
  const page: RequestListener = (_request, response) => void response.end('<!DOCTYPE html><title>Hi</title>');
  await at(createServer(page), async (port) => {
    const error = {
      code: 'not-a-manager',
      message: expect.stringContaining(`127.0.0.1:${port} answers, but`),
    };
    await expect(look(`http://127.0.0.1:${port}`)).rejects.toMatchObject(error);
    // Without a scheme https is tried first, which is not spoken there: what answers counts.
    await expect(look(`127.0.0.1:${port}`)).rejects.toMatchObject(error);
  });
  const { key, cert } = makeCertificate(home.path);
  const secure = createTlsServer({ key, cert }, page);
  secure.on('tlsClientError', () => {});
  await at(secure, async (port) => {
    for (const typed of [`https://127.0.0.1:${port}`, `127.0.0.1:${port}`])
      await expect(look(typed)).rejects.toMatchObject({ code: 'tls', exitCode: 5 });
  });
});

test('bai login there tells nobody the password, stores nothing, and says what to do', async () => {
  using own = tempFolder();
  const heard: string[] = [];
  const hear = (server: Server): Server =>
    server.on('connection', (socket: Socket) =>
      socket.on('data', (data) => heard.push(data.toString('latin1'))),
    );
  const page: RequestListener = (request, response) => {
    heard.push(`${request.method} ${request.url}`);
    request.on('data', (data: Buffer) => heard.push(data.toString('latin1')));
    response.end('<!DOCTYPE html><title>Hi</title>');
  };
  const { key, cert } = makeCertificate(own.path);
  const password = 'a-password-nobody-may-hear';
  const env = { BAI_CONNECT_TIMEOUT: '2', BAI_READ_TIMEOUT: '2' };
  const tried = async (origin: string) => {
    const args = ['login', origin, '--email', 'kim@example.com', '--password-stdin'];
    const { code, stdout, stderr } = await bai(args, { home: own.path, env, input: `${password}\n` });
    return { code, stdout, stderr: stderr.replaceAll(origin.replace(/^.*\//, ''), 'IT') };
  };
  const silent = at(hear(createTcpServer()), (port) => tried(`http://127.0.0.1:${port}`));
  const html = at(hear(createServer(page)), (port) => tried(`http://127.0.0.1:${port}`));
  const tls = at(
    createTlsServer({ key, cert }, page).on('tlsClientError', () => {}),
    (port) => tried(`https://127.0.0.1:${port}`),
  );
  expect(await Promise.all([tried('http://127.0.0.1:9'), silent, html, tls])).toEqual([
    said(5, 'cannot reach the server at http://IT: nothing listens there', 'check the endpoint'),
    said(5, 'IT did not answer in 2 s', 'try again; BAI_READ_TIMEOUT'),
    said(1, 'http://IT answers, but not as Backend.AI, UCloud or Rescale do', 'check the address'),
    said(5, 'the TLS certificate of IT is not trusted: it is self-signed', 'give that certificate'),
  ]);
  expect(heard.join('\n')).toContain('GET /');
  expect(heard.join('\n')).not.toContain(password);
  expect(() => readFileSync(join(own.path, '.config', 'bai', 'config.json'))).toThrow('ENOENT');
});

function said(code: number, error: string, hint: string) {
  return { code, stdout: '', stderr: expect.stringMatching(`^error: ${error}[^\\n]*\nhint: ${hint}`) };
}

test.each(['', 'ftp://x', 'https://me:secret-word@x.example', 'two words', 'https://'])(
  '%j is no address, and is not repeated',
  async (typed) => {
    const error: Error = await look(typed).then(
      () => expect.unreachable(),
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({ code: 'usage' });
    expect(error.message).not.toContain('secret-word');
  },
);

const run = (args: readonly string[], input = ''): Promise<BaiResult> =>
  bai(args, { home: home.path, input });
const configFile = (): string => join(home.path, '.config', 'bai', 'config.json');

test('a keypair that is refused is not stored; one that is let in is all that is needed from then on', async () => {
  const { accessKey, secretKey } = defaultAccount;
  const login = ['login', emulator.endpoint, '--access-key', accessKey, '--secret-key-stdin'];
  const wrong = await run([...login, '--json'], 'not-the-secret-key\n');
  expect(wrong).toMatchObject({ code: 3, stdout: '' });
  expect(wrong.stderr).not.toContain('not-the-secret-key');
  expect(() => readFileSync(configFile())).toThrow('ENOENT');

  const right = await run([...login, '--json'], `${secretKey}\n`);
  expect(right).toMatchObject({ code: 0, stderr: '' });
  expect(right.stdout).not.toContain(secretKey);
  expect(JSON.parse(right.stdout)).toMatchObject({
    ...{ profile: 'default', endpoint: emulator.endpoint, provider: 'backend.ai', secretsIn: 'file' },
    ...{ email: defaultAccount.email, domain: 'default', projects: ['default'] },
  });
  expect(statSync(configFile()).mode & 0o777).toBe(0o600);

  const who = await run(['whoami', '--json']);
  expect(JSON.parse(who.stdout)).toMatchObject({ email: defaultAccount.email, origin: 'profile "default"' });

  const out = await run(['logout', '--json']);
  expect(JSON.parse(out.stdout)).toMatchObject({ loginEnded: false, removed: ['secretKey'] });
  expect(readFileSync(configFile(), 'utf8')).not.toContain(secretKey);
  expect((await run(['whoami'])).code).toBe(3);
  expect(await run(['logout'])).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('is not signed in'),
  });
});

test('a login to another platform takes away all of the one before', async () => {
  await using ucloud = await startUcloudEmulator({ homesRoot: join(home.path, 'jobs') });
  const { accessKey, secretKey } = defaultAccount;
  const keypair = ['login', emulator.endpoint, '--access-key', accessKey, '--secret-key-stdin'];
  expect((await run(['--profile', 'lab', ...keypair], secretKey)).code).toBe(0);
  const token = ['--profile', 'lab', 'login', ucloud.endpoint, '--token-stdin'];
  const { code, stdout, stderr } = await run(token, ucloud.token);
  expect({ code, stderr: stderr.includes('error') }).toEqual({ code: 0, stderr: false });
  expect(stdout.trim()).not.toBe('');
  const stored = JSON.parse(readFileSync(configFile(), 'utf8')).profiles.lab;
  expect(stored).toEqual({ provider: 'ucloud', endpoint: ucloud.endpoint, token: ucloud.token });
});

test('what is for another way in is a usage error, and nothing is asked off a terminal', async () => {
  const { endpoint } = emulator;
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['login', endpoint, '--email', 'kim@example.com'], '--email is of no use here'],
    [['login', endpoint, '--access-key', 'A', '--token-stdin'], '--token-stdin is of no use here'],
    [['login', endpoint, '--token-stdin', '--password-stdin'], 'only one secret can come from stdin'],
    [['login', endpoint], 'no access key was given'],
    [['login'], 'does not know where to sign in'],
  ];
  const answers = await Promise.all(
    cases.map(([args]) => bai(args, { home: join(home.path), env: { BAI_HOME: join(home.path, 'none') } })),
  );
  for (const [index, [args, words]] of cases.entries()) {
    const { code, stderr } = answers[index] ?? { code: -1, stderr: '' };
    expect({ args, code, says: stderr.includes(words) ? words : stderr }).toEqual({
      args,
      code: 2,
      says: words,
    });
  }
});

test('bai alone says what to type, signed in or not', async () => {
  const alone = await bai([], { home: home.path, env: { BAI_HOME: join(home.path, 'none') } });
  expect(alone).toMatchObject({ code: 0, stderr: '' });
  expect(alone.stdout).toContain('bai login');
  expect(alone.stdout.trim().split('\n')).toHaveLength(3);
  const json = await bai(['--json'], { home: home.path, env: { BAI_HOME: join(home.path, 'none') } });
  expect(JSON.parse(json.stdout)).toEqual({ signedIn: false });
});
