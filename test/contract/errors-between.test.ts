/** What stands between bai and a manager that is well: gateways that are busy, away, compress, or take headers away. */

import { readdirSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type BaiResult, finished, untilPrinted } from '../support/bai.ts';
import { inTime, until } from '../support/until.ts';
import { type EmulatorBed, openEmulator } from './app-bed.ts';

type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

interface Gateway extends AsyncDisposable {
  readonly env: { readonly BACKEND_ENDPOINT: string };
  /** `METHOD PATH` of every request. */
  readonly seen: readonly string[];
  /** True: it has answered by itself; false: the manager is asked. */
  answer: Answer;
}

/** Passes everything on, but for what a test wants otherwise. Upgrades go on without the headers that make them one. */
async function openGateway(bed: EmulatorBed, answer: Answer = () => false): Promise<Gateway> {
  const seen: string[] = [];
  const server: Server = createServer((incoming, outgoing) => {
    seen.push(`${incoming.method} ${(incoming.url ?? '').split('?')[0]}`);
    if (gateway.answer(incoming, outgoing)) return;
    const { connection: _connection, upgrade: _upgrade, ...headers } = incoming.headers;
    const onwards = request(
      new URL(incoming.url ?? '/', bed.emulator.endpoint),
      { method: incoming.method ?? 'GET', headers, agent: false },
      (reply) => {
        outgoing.writeHead(reply.statusCode ?? 500, reply.headers);
        reply.pipe(outgoing);
      },
    );
    onwards.on('error', () => outgoing.destroy());
    incoming.pipe(onwards);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  // Signatures are for one host: the emulator checks what the Host header says, and that is passed on.
  const gateway: Gateway = {
    env: { BACKEND_ENDPOINT: `http://127.0.0.1:${port}` },
    seen,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return gateway;
}

const page = '<html><h1>Something in between</h1></html>';

async function json(bed: EmulatorBed, args: readonly string[], env: Record<string, string>) {
  const result = await bed.bai(['--json', ...args], { env });
  const { error } = JSON.parse(result.stderr.trim().split('\n').at(-1) ?? '{}');
  return { ...result, error };
}

const create = ['session', 'create', 'python', '--name', 'demo', '-r', 'cpu=1', '-r', 'mem=256m'];

test.each([500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530, 599])(
  'status %d of a gateway for the first call is "unavailable": 5',
  async (status) => {
    await using bed = await openEmulator();
    await using gateway = await openGateway(bed, (_, outgoing) => !!outgoing.writeHead(status).end(page));
    const { code, error } = await json(bed, ['session', 'list'], gateway.env);
    expect([code, error.code, error.status]).toEqual([5, 'unavailable', status]);
    expect(error.message).toContain(gateway.env.BACKEND_ENDPOINT);
  },
);

test('401 and 403 for the first call are blamed on what stands before the manager', async () => {
  await using bed = await openEmulator();
  for (const status of [401, 403]) {
    await using gateway = await openGateway(bed, (_, outgoing) => !!outgoing.writeHead(status).end(page));
    const { code, error } = await json(bed, ['session', 'list'], gateway.env);
    expect([code, error.code]).toEqual([1, 'not-a-manager']);
    expect(error.hint).toContain('something before the manager');
  }
});

test.each([429, 503])('%d with Retry-After is obeyed, and said', async (status) => {
  await using bed = await openEmulator();
  let left = 2;
  await using gateway = await openGateway(bed, (_, outgoing) => {
    if (left === 0) return false;
    left -= 1;
    outgoing.writeHead(status, {
      'Retry-After': left === 1 ? '1' : new Date(Date.now() - 5_000).toUTCString(),
    });
    return !!outgoing.end(page);
  });
  const begun = performance.now();
  const { code, stderr } = await bed.bai(['session', 'list'], { env: gateway.env });
  expect(code).toBe(0);
  expect(performance.now() - begun).toBeGreaterThan(2_900);
  expect(stderr).toContain(`the manager asks for a pause (status ${status}); trying again in 1 s\n`);
  expect(stderr).toContain('trying again in 2 s\n');
});

test('a Retry-After beyond a minute is not waited for, but told', async () => {
  await using bed = await openEmulator();
  let refused = 0;
  await using gateway = await openGateway(bed, ({ url }, outgoing) => {
    if (url === '/') return false;
    refused += 1;
    return !!outgoing.writeHead(429, { 'Retry-After': '900' }).end('{"title":"Too many"}');
  });
  const listed = json(bed, ['session', 'list'], gateway.env);
  const { code, error } = await inTime(listed, 'it has ended', 100_000);
  expect([code, error.code, error.retryAfterSeconds]).toEqual([5, 'rate-limited', 900]);
  expect(error.hint).toContain('again in 15 minutes');
  expect(refused).toBe(1);
});

test('a gateway that asks for no pause at all, again and again, is not asked in a loop', async () => {
  await using bed = await openEmulator();
  await using gateway = await openGateway(
    bed,
    (_, outgoing) => !!outgoing.writeHead(429, { 'Retry-After': '0' }).end(),
  );
  const child = bed.start(['session', 'list'], { env: gateway.env });
  const end = finished(child);
  for (const seconds of [1, 2, 4])
    await untilPrinted(child, 'stderr', new RegExp(`trying again in ${seconds} s`));
  expect(gateway.seen).toHaveLength(3);
  child.kill('SIGINT');
  expect(await end).toMatchObject({ code: 130 });
});

test('a 503 with Retry-After is not repeated for what creates something', async () => {
  await using bed = await openEmulator();
  await using gateway = await openGateway(bed, ({ method }, outgoing) => {
    if (method !== 'POST') return false;
    return !!outgoing.writeHead(503, { 'Retry-After': '1' }).end(page);
  });
  const { code, error } = await json(bed, create, gateway.env);
  expect([code, error.code]).toEqual([5, 'unavailable']);
  expect(error.message).toContain('session demo may have been created');
  expect(gateway.seen.filter((line) => line === 'POST /session')).toHaveLength(1);
});

test('a 429 for what creates something is repeated: it was turned away', async () => {
  await using bed = await openEmulator();
  let left = 1;
  await using gateway = await openGateway(bed, ({ method, url }, outgoing) => {
    if (method !== 'POST' || url !== '/session' || left === 0) return false;
    left -= 1;
    return !!outgoing.writeHead(429, { 'Retry-After': '1' }).end();
  });
  expect(await bed.bai(create, { env: gateway.env })).toMatchObject({ code: 0 });
  expect(bed.emulator.sessions.all()).toHaveLength(1);
});

test.each([500, 502, 504, 520, 522, 524])(
  'status %d of a gateway for the creation: the session may have been created',
  async (status) => {
    await using bed = await openEmulator();
    await using gateway = await openGateway(bed, ({ method }, outgoing) => {
      if (method !== 'POST') return false;
      return !!outgoing.writeHead(status).end(page);
    });
    const { error } = await json(bed, create, gateway.env);
    expect(error.message).toMatch(/; session demo may have been created$/);
    expect(error.hint).toMatch(/^`bai session wait demo` tells/);
    expect(error.name).toBe('demo');
  },
);

test.each([400, 403, 404, 409])('status %d for the creation: nothing is in doubt', async (status) => {
  await using bed = await openEmulator();
  await using gateway = await openGateway(bed, ({ method, url }, outgoing) => {
    if (method !== 'POST' || url !== '/session') return false;
    return !!outgoing.writeHead(status).end(page);
  });
  const { error } = await json(bed, create, gateway.env);
  expect(error.message).not.toContain('may have been');
});

test('a creation whose answer makes no sense may have created the session', async () => {
  await using bed = await openEmulator();
  await using gateway = await openGateway(bed, ({ method }, outgoing) => {
    if (method !== 'POST') return false;
    return !!outgoing.writeHead(201).end('{"sessionId":');
  });
  const { code, error } = await json(bed, create, gateway.env);
  expect(code).toBe(1);
  expect(error.message).toContain('session demo may have been created');
});

test.each([
  ['session terminate demo', 'DELETE', 'it may end anyway'],
  ['session rename demo other', 'POST', 'it may have its new name'],
])('%s whose answer is lost: %s', async (args, method, words) => {
  await using bed = await openEmulator();
  await bed.create('demo');
  await using gateway = await openGateway(bed, (incoming, outgoing) => {
    if (incoming.method !== method || !incoming.url?.startsWith('/session/')) return false;
    return !!outgoing.writeHead(522).end(page);
  });
  const { code, error } = await json(bed, args.split(' '), gateway.env);
  expect(code).toBe(5);
  expect(error.message).toContain(words);
});

test.each([429, 500, 502, 522])(
  'a wait survives status %d, and ends when the session runs',
  async (status) => {
    await using bed = await openEmulator();
    bed.emulator.sessions.holdAt('PENDING');
    let failing = false;
    await using gateway = await openGateway(
      bed,
      (_, outgoing) => failing && !!outgoing.writeHead(status).end(page),
    );
    const child = bed.start(create, { env: gateway.env });
    const end = finished(child);
    await until(() => bed.emulator.sessions.all().length === 1, 'the session is made');
    await until(
      () => gateway.seen.filter((line) => line === 'POST /admin/gql').length > 0,
      'it is looked at',
    );
    failing = true;
    const before = gateway.seen.length;
    await until(() => gateway.seen.length >= before + 2, 'two looks that failed');
    bed.emulator.sessions.holdAt(undefined);
    failing = false;
    const { code, stderr } = await end;
    expect([code, stderr.includes('looking again')]).toEqual([0, true]);
  },
);

test.each([
  ['takes the headers of an upgrade away', () => false],
  ['answers 426', (_: IncomingMessage, outgoing: ServerResponse) => !!outgoing.writeHead(426).end()],
  [
    'answers 400 with a page',
    (_: IncomingMessage, outgoing: ServerResponse) => !!outgoing.writeHead(400).end(page),
  ],
  [
    'answers 200 with a page',
    (_: IncomingMessage, outgoing: ServerResponse) => !!outgoing.writeHead(200).end(page),
  ],
  [
    'answers 405 with a page',
    (_: IncomingMessage, outgoing: ServerResponse) => !!outgoing.writeHead(405).end(page),
  ],
])('a reverse proxy that %s: upgrade-failed, and what to set in it', async (_how, answer) => {
  for (const release of ['26.9.6', '23.09.10']) {
    await using bed = await openEmulator({ release });
    await bed.create('demo');
    await using gateway = await openGateway(bed, (incoming, outgoing) =>
      incoming.url?.includes('/tcpproxy') ? answer(incoming, outgoing) : false,
    );
    const { code, error } = await json(bed, ['sftp', 'ls', 'demo:'], gateway.env);
    expect([code, error.code]).toEqual([5, 'upgrade-failed']);
    expect(error.hint).toContain('proxy_set_header Upgrade $http_upgrade');
  }
});

test.each([
  [407, 3, 'proxy-auth'],
  [408, 5, 'unavailable'],
  [425, 5, 'unavailable'],
])('a %d for a WebSocket is not blamed on its headers', async (status, exit, name) => {
  await using bed = await openEmulator();
  await bed.create('demo');
  await using gateway = await openGateway(
    bed,
    (incoming, outgoing) =>
      incoming.url?.includes('/tcpproxy') === true && !!outgoing.writeHead(status).end(page),
  );
  const { code, error } = await json(bed, ['sftp', 'ls', 'demo:'], gateway.env);
  expect([code, error.code]).toEqual([exit, name]);
  expect(error.hint).not.toContain('Upgrade');
});

test.each([
  [425, 'try again'],
  [511, 'this network wants you to sign in first: open any page in a browser'],
])('a %d at the first call is not blamed on the manager', async (status, hint) => {
  await using bed = await openEmulator();
  await using gateway = await openGateway(bed, (_, outgoing) => !!outgoing.writeHead(status).end(page));
  const { code, error } = await json(bed, ['session', 'list'], gateway.env);
  expect([code, error.code, error.hint]).toEqual([5, 'unavailable', hint]);
});

const compressions = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ['gzip, br', (bytes: Buffer) => brotliCompressSync(gzipSync(bytes))],
] as const;

/** Compresses every answer, whatever was asked for. */
async function openCompressing(bed: EmulatorBed, name: string, compress: (bytes: Buffer) => Buffer) {
  return openGateway(bed, (incoming, outgoing) => {
    if (incoming.url?.startsWith('/events')) return false;
    const onwards = request(
      new URL(incoming.url ?? '/', bed.emulator.endpoint),
      { method: incoming.method ?? 'GET', headers: incoming.headers, agent: false },
      (reply) => {
        void buffer(reply).then((bytes) => {
          const { 'content-length': _length, ...headers } = reply.headers;
          outgoing.writeHead(reply.statusCode ?? 500, { ...headers, 'Content-Encoding': name });
          outgoing.end(compress(bytes));
        });
      },
    );
    incoming.pipe(onwards);
    return true;
  });
}

test.each(compressions)(
  'answers that are compressed (%s) though nobody asked are read',
  async (name, compress) => {
    await using bed = await openEmulator();
    await bed.create('demo');
    await using gateway = await openCompressing(bed, name, compress);
    expect(await bed.bai(['session', 'list'], { env: gateway.env })).toMatchObject({ code: 0 });
    expect(await bed.bai(['key', 'fetch', 'demo'], { env: gateway.env })).toMatchObject({ code: 0 });
    expect(await bed.bai(['session', 'info', 'nosuch'], { env: gateway.env })).toMatchObject({ code: 4 });
  },
);

test('bai asks for answers as they are', async () => {
  await using bed = await openEmulator();
  const asked: unknown[] = [];
  await using gateway = await openGateway(bed, ({ headers }) => {
    asked.push(headers['accept-encoding']);
    return false;
  });
  await bed.bai(['session', 'list'], { env: gateway.env });
  expect(asked).toEqual(['identity', 'identity']);
});

test.each([
  ['of a kind bai does not know', 'zip', Buffer.from('x'), 'answer-not-readable'],
  ['and damaged', 'gzip', Buffer.from('not gzip at all'), 'answer-not-readable'],
  ['in three layers', 'gzip, gzip, gzip', gzipSync(gzipSync(gzipSync('{}'))), 'answer-not-readable'],
  ['and grows beyond all bounds', 'gzip', gzipSync(Buffer.alloc(200 << 20, ' ')), 'answer-too-large'],
])('an answer that is compressed %s is refused', async (_what, name, body, code) => {
  await using bed = await openEmulator();
  await using gateway = await openGateway(bed, ({ url }, outgoing) => {
    if (url === '/') return false;
    return !!outgoing.writeHead(200, { 'Content-Encoding': name }).end(body);
  });
  const result = await json(bed, ['session', 'list'], gateway.env);
  expect([result.code, result.error.code]).toEqual([1, code]);
});

interface Unreached {
  readonly result: BaiResult;
  readonly error: { readonly message: string; readonly code: string };
}

const notSent = [
  ['a port that nobody listens on', { BACKEND_ENDPOINT: 'http://127.0.0.1:1' }],
  ['a name nobody knows', { BACKEND_ENDPOINT: 'http://no-such-manager.invalid' }],
  ['a proxy that is not there', { HTTP_PROXY: 'http://127.0.0.1:1' }],
] as const;

test.each(notSent)('create at %s: nothing was sent, and nothing is in doubt', async (_where, env) => {
  await using bed = await openEmulator();
  const { code, error }: BaiResult & Unreached['error'] & { error: Unreached['error'] } = (await json(
    bed,
    create,
    env,
  )) as never;
  expect(code).toBe(5);
  expect(error.message).not.toMatch(/may have|anyway/);
});

test('create when the manager goes away after the handshake: nothing was sent', async () => {
  await using bed = await openEmulator();
  await using gateway = await openGateway(bed, (_, outgoing) => {
    // The connection is not kept, and by the next one nobody listens.
    outgoing.setHeader('Connection', 'close');
    return false;
  });
  const port = Number(new URL(gateway.env.BACKEND_ENDPOINT).port);
  gateway.answer = (_, outgoing) => {
    outgoing.writeHead(200, { Connection: 'close' });
    outgoing.end(JSON.stringify({ version: 'v9.20250722', manager: '26.9.6' }));
    void gateway[Symbol.asyncDispose]();
    return true;
  };
  const { code, error } = await json(bed, create, gateway.env);
  expect(port).toBeGreaterThan(0);
  expect([code, error.code]).toEqual([5, 'unreachable']);
  expect(error.message).not.toContain('may have been');
});

const keysIn = (bed: EmulatorBed): string[] =>
  readdirSync(join(bed.home, '.ssh')).filter((name) => name.startsWith('id_container'));

test.each(notSent)(
  'key rotate at %s: no new key is in doubt, and no second copy of the old one stays',
  async (_where, env) => {
    await using bed = await openEmulator();
    await bed.bai(['key', 'rotate']);
    const { code, error } = await json(bed, ['key', 'rotate'], env);
    expect([code, keysIn(bed)]).toEqual([5, ['id_container']]);
    expect(error.message).not.toMatch(/may have|anyway/);
  },
);

test('key rotate that is refused leaves no second copy; one whose answer is lost keeps it, and says so', async () => {
  await using bed = await openEmulator();
  await bed.bai(['key', 'rotate']);
  let status = 403;
  await using gateway = await openGateway(bed, ({ method }, outgoing) => {
    if (method !== 'PATCH') return false;
    return !!outgoing.writeHead(status).end(page);
  });
  const refused = await json(bed, ['key', 'rotate'], gateway.env);
  expect([refused.code, keysIn(bed)]).toEqual([3, ['id_container']]);
  status = 524;
  const lost = await json(bed, ['key', 'rotate'], gateway.env);
  expect([lost.code, keysIn(bed).length]).toEqual([5, 2]);
  expect(lost.error.message).toContain('the account may have a new key anyway');
  expect(lost.error.hint).toMatch(/^check with `bai key status`/);
});
