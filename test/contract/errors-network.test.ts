/** What happens between bai and the manager: refused, lost, cut, endless, not a manager at all. */

import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { expect, test } from 'vitest';
import { type BaiResult, bai, finished, startBai } from '../support/bai.ts';
import { makeCertificate } from '../support/certificate.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const keys = { BACKEND_ACCESS_KEY: 'AKIATEST', BACKEND_SECRET_KEY: 'a-secret-key-nobody-may-see' };
const hello = JSON.stringify({ version: 'v9.20250722', manager: '26.9.6' });

interface Listening extends AsyncDisposable {
  readonly port: number;
}

async function listen(server: Server | TcpServer): Promise<Listening> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A manager that shakes hands properly, and then does this. */
const thenDo = (handle: RequestListener): Promise<Listening> =>
  listen(
    createServer((incoming, outgoing) => {
      if (incoming.url === '/') outgoing.end(hello);
      else handle(incoming, outgoing);
    }),
  );

async function list(
  home: TempFolder,
  endpoint: string,
  env: Record<string, string> = {},
): Promise<BaiResult> {
  const options = { home: home.path, env: { ...keys, BACKEND_ENDPOINT: endpoint, ...env } };
  const human = await bai(['session', 'list'], options);
  const json = await bai(['session', 'list', '--json'], options);
  expect([json.code, json.stdout]).toEqual([human.code, '']);
  const { error } = JSON.parse(json.stderr.trim().split('\n').at(-1) ?? '');
  expect(human.stderr).toContain(`error: ${error.message}\n`);
  expect(human.stderr).toContain(`hint: ${error.hint}\n`);
  expect(human.stderr + json.stderr).not.toContain(keys.BACKEND_SECRET_KEY);
  return { ...human, stderr: `${error.code} ${human.stderr}` };
}

test('nothing listens: 5, the address is named', async () => {
  using home = tempFolder();
  const { code, stderr } = await list(home, 'http://127.0.0.1:1');
  expect(code).toBe(5);
  expect(stderr).toMatch(/^unreachable /);
  expect(stderr).toContain('http://127.0.0.1:1: nothing listens there');
});

test('a host name nobody knows: 5', async () => {
  using home = tempFolder();
  const { code, stderr } = await list(home, 'https://no-such-manager.invalid');
  expect(code).toBe(5);
  expect(stderr).toMatch(
    /^unreachable error: cannot reach the manager at https:\/\/no-such-manager\.invalid/,
  );
});

test('a self-signed certificate: 5, and both ways on', async () => {
  using home = tempFolder();
  const certificate = makeCertificate(home.path);
  const serve: RequestListener = (incoming, outgoing) => {
    outgoing.end(
      incoming.url === '/' ? hello : '{"data":{"compute_session_list":{"total_count":0,"items":[]}}}',
    );
  };
  await using server = await listen(createTlsServer(certificate, serve));
  const endpoint = `https://127.0.0.1:${server.port}`;
  const { code, stderr } = await list(home, endpoint);
  expect(code).toBe(5);
  expect(stderr).toMatch(/^tls /);
  expect(stderr).toContain('self-signed');
  for (const way of ['NODE_EXTRA_CA_CERTS', 'BAI_SKIP_TLS_VERIFY']) expect(stderr).toContain(way);

  const run = (env: Record<string, string>) =>
    bai(['session', 'list'], { home: home.path, env: { ...keys, BACKEND_ENDPOINT: endpoint, ...env } });
  expect(await run({ NODE_EXTRA_CA_CERTS: certificate.file })).toMatchObject({ code: 0 });
  for (const variable of ['BAI_SKIP_TLS_VERIFY', 'BACKEND_SKIP_SSLCERT_VALIDATION']) {
    expect(await run({ [variable]: 'yes' })).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(new RegExp(`warning: .*not checked \\(${variable}\\)`)),
    });
  }
});

test('a certificate for another host: 5', async () => {
  using home = tempFolder();
  const certificate = makeCertificate(home.path, 'DNS:elsewhere.test');
  await using server = await listen(createTlsServer(certificate, (_, outgoing) => outgoing.end(hello)));
  const env = { NODE_EXTRA_CA_CERTS: certificate.file };
  const { code, stderr } = await list(home, `https://127.0.0.1:${server.port}`, env);
  expect(code).toBe(5);
  expect(stderr).toMatch(/^tls .*another host name/);
});

test.each(['https to a plain server', 'http to a TLS server'])('%s: 5, and what to check', async (what) => {
  using home = tempFolder();
  const secure = what.startsWith('http to');
  const answer: RequestListener = (_, outgoing) => outgoing.end(hello);
  await using server = await listen(
    secure ? createTlsServer(makeCertificate(home.path), answer) : createServer(answer),
  );
  const { code, stderr } = await list(home, `${secure ? 'http' : 'https'}://127.0.0.1:${server.port}`);
  expect(code).toBe(5);
  expect(stderr).toContain('hint:');
});

test('a server that accepts and says nothing of TLS is given up after connectTimeout', async () => {
  using home = tempFolder();
  await using server = await listen(createTcpServer(() => {}));
  const { code, stderr } = await list(home, `https://127.0.0.1:${server.port}`, {
    BAI_CONNECT_TIMEOUT: '0.3',
  });
  expect(code).toBe(5);
  expect(stderr).toContain('in 0.3 s');
});

const page = '<!doctype html><html><title>Backend.AI Console</title></html>';

test.each([
  ['an HTML page', 200, page],
  ['other JSON', 200, '{"hello":"world"}'],
  ['JSON of another kind', 200, '[]'],
  ['nothing', 200, ''],
  ['a page that is not there', 404, page],
  ['an older API than bai speaks', 200, '{"version":"v3.20170615","manager":"1.0"}'],
])('%s in place of a manager is said to be none: 1', async (_what, status, body) => {
  using home = tempFolder();
  await using server = await listen(createServer((_, outgoing) => outgoing.writeHead(status).end(body)));
  const { code, stderr } = await bai(['session', 'list', '--json'], {
    home: home.path,
    env: { ...keys, BACKEND_ENDPOINT: `http://127.0.0.1:${server.port}` },
  });
  expect(code).toBe(1);
  expect(JSON.parse(stderr).error.code).toMatch(/^(not-a-manager|too-old)$/);
});

test.each([502, 503, 504])('%d for the handshake is "unavailable", not "no manager": 5', async (status) => {
  using home = tempFolder();
  await using server = await listen(createServer((_, outgoing) => outgoing.writeHead(status).end(page)));
  const { code, stderr } = await list(home, `http://127.0.0.1:${server.port}`);
  expect(code).toBe(5);
  expect(stderr).toMatch(/^unavailable /);
});

test.each([301, 302, 307, 308])(
  '3xx is not success: %d for the handshake is 5 and tells where to',
  async (status) => {
    using home = tempFolder();
    const seen: string[] = [];
    await using server = await listen(
      createServer((incoming, outgoing) => {
        seen.push(incoming.url ?? '');
        outgoing.writeHead(status, { Location: 'https://elsewhere.example.com/' }).end();
      }),
    );
    const { code, stderr } = await list(home, `http://127.0.0.1:${server.port}`);
    expect(code).toBe(5);
    expect(stderr).toMatch(/^redirected .*https:\/\/elsewhere\.example\.com/);
    expect(seen).toEqual(['/', '/']);
  },
);

test('3xx is not success for a call either, and signed headers do not follow it', async () => {
  using home = tempFolder();
  const followed: string[] = [];
  await using elsewhere = await listen(createServer((incoming) => void followed.push(incoming.url ?? '')));
  await using server = await thenDo((_, outgoing) =>
    outgoing.writeHead(307, { Location: `http://127.0.0.1:${elsewhere.port}/` }).end(),
  );
  const { code, stderr } = await list(home, `http://127.0.0.1:${server.port}`);
  expect(code).toBe(5);
  expect(stderr).toMatch(/^redirected /);
  expect(followed).toEqual([]);
});

test('a connection that is cut before an answer: 5', async () => {
  using home = tempFolder();
  await using server = await thenDo((incoming) => incoming.socket.resetAndDestroy());
  const { code, stderr } = await list(home, `http://127.0.0.1:${server.port}`);
  expect(code).toBe(5);
  expect(stderr).toContain('the connection was cut');
});

test.each([
  ['a length that is not reached', { 'Content-Length': '1000' }],
  ['chunks without an end', {}],
])('an answer that breaks off (%s) is no bug of bai', async (_how, headers) => {
  using home = tempFolder();
  await using server = await thenDo((_, outgoing) => {
    outgoing.writeHead(200, headers);
    outgoing.write('{"data":', () => setImmediate(() => outgoing.socket?.destroy()));
  });
  const { code, stderr } = await list(home, `http://127.0.0.1:${server.port}`);
  expect([1, 5]).toContain(code);
  expect(stderr).toMatch(/^(answer-cut|unreachable) /);
});

test.each([
  '{"data": {',
  'null',
  '"text"',
  '{"data": null}',
  '[]',
  '{"data":{"compute_session_list":{"items":7}}}',
])('an answer that is not what was asked for (%s): 1, and no stack', async (body) => {
  using home = tempFolder();
  await using server = await thenDo((_, outgoing) => outgoing.end(body));
  const { code, stderr } = await list(home, `http://127.0.0.1:${server.port}`);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^protocol /);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test.each(['the handshake', 'a call'])('an endless answer to %s is given up', async (what) => {
  using home = tempFolder();
  const endless: RequestListener = (_, outgoing) => {
    const chunk = Buffer.alloc(1 << 20, 0x20);
    const more = (): void => {
      while (!outgoing.destroyed && outgoing.write(chunk));
    };
    outgoing.on('drain', more);
    more();
  };
  await using server = await (what === 'a call' ? thenDo(endless) : listen(createServer(endless)));
  const { code, stderr } = await bai(['session', 'list', '--json'], {
    home: home.path,
    env: { ...keys, BACKEND_ENDPOINT: `http://127.0.0.1:${server.port}` },
  });
  expect(code).toBe(1);
  expect(JSON.parse(stderr).error.message).toContain('larger than');
});

test.each(['before an answer', 'in the middle of an answer'])('Ctrl-C %s: 130', async (when) => {
  using home = tempFolder();
  let waiting = false;
  await using server = await thenDo((_, outgoing) => {
    if (when !== 'before an answer') outgoing.write('{"data":');
    waiting = true;
  });
  const env = { ...keys, BACKEND_ENDPOINT: `http://127.0.0.1:${server.port}` };
  const child = startBai(['session', 'list'], { home: home.path, env });
  const end = finished(child);
  await until(() => waiting, 'the call has arrived');
  // The first bytes of the answer are on their way; they arrive before the signal is handled or not at all.
  child.kill('SIGINT');
  const { code, stdout, stderr } = await end;
  expect([code, stdout]).toEqual([130, '']);
  expect(stderr).toContain('interrupted');
});

test('header lines that never end are given up', async () => {
  using home = tempFolder();
  await using server = await listen(
    createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 OK\r\n');
      socket.write(`X-Long: ${'y'.repeat(1 << 20)}\r\n`);
    }),
  );
  expect(await list(home, `http://127.0.0.1:${server.port}`)).toMatchObject({ code: 5 });
});

test('what is no HTTP at all: 5', async () => {
  using home = tempFolder();
  await using server = await listen(createTcpServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n')));
  expect(await list(home, `http://127.0.0.1:${server.port}`)).toMatchObject({ code: 5 });
});
