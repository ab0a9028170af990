/** What a manager answers is a stranger's: every shape of JSON, at every endpoint, ends in an answer or a refusal of bai's own. */

import { writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BaiError } from '../../src/errors.ts';
import { createNetwork } from '../../src/net/network.ts';
import { describeError } from '../../src/output/describe-error.ts';
import { accountKeyOf } from '../../src/providers/backend-ai/manager/account-key.ts';
import { createManagerClient, type ManagerClient } from '../../src/providers/backend-ai/manager/client.ts';
import { folderOffers } from '../../src/providers/backend-ai/offers/folders.ts';
import { imageOffers } from '../../src/providers/backend-ai/offers/images.ts';
import { projectOffers } from '../../src/providers/backend-ai/offers/projects.ts';
import { resourceOffer } from '../../src/providers/backend-ai/offers/resources.ts';
import type {
  ComputeSessionRequest,
  SessionCalls,
} from '../../src/providers/backend-ai/session/compute-session.ts';
import { createSessionCalls } from '../../src/providers/backend-ai/session/sessions.ts';
import { bai } from '../support/bai.ts';
import { tempFolder } from '../support/temp-folder.ts';

const hello = JSON.stringify({ version: 'v9.20250722', manager: '26.9.6' });
const id = '2f1c9b5e-7d0a-4b63-9a51-0f6d2c1e8b77';
const session = { id, name: 'demo', status: 'RUNNING' };
const { signal } = new AbortController();

interface Hostile extends AsyncDisposable {
  readonly url: URL;
  /** To everything but the handshake, or to that as well. */
  say: (path: string, outgoing: ServerResponse) => void;
  greets: boolean;
}

async function startHostile(): Promise<Hostile> {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    const path = (incoming.url ?? '').split('?')[0] ?? '';
    if (path === '/' && hostile.greets) outgoing.end(hello);
    else hostile.say(path, outgoing);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  const hostile: Hostile = {
    url: new URL(`http://127.0.0.1:${port}`),
    say: (_, outgoing) => outgoing.end(),
    greets: true,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return hostile;
}

let hostile: Hostile;
beforeAll(async () => {
  hostile = await startHostile();
});
afterAll(() => hostile[Symbol.asyncDispose]());

const request: ComputeSessionRequest = {
  image: 'python',
  name: 'demo',
  type: 'interactive',
  project: 'default',
  domain: 'default',
  clusterSize: 1,
  clusterMode: 'single-node',
  mounts: {},
  environment: {},
  resources: {},
  resourceOptions: {},
  preopenPorts: [],
  reuse: true,
};

const warn = (): void => {};

interface Edge {
  readonly client: ManagerClient;
  readonly api: SessionCalls;
}

function open(): Edge & Disposable {
  const limits = { skipTlsVerify: false, connectTimeoutMs: 5_000, readTimeoutMs: 20_000 };
  const network = createNetwork({ ...limits, environment: {} });
  const client = createManagerClient({
    endpoints: [hostile.url],
    key: { accessKey: 'AKIATEST', secretKey: 'secret' },
    domain: 'default',
    userAgent: 'test',
    network,
    now: () => new Date(),
  });
  const api = createSessionCalls({ client, accessKey: 'AKIATEST', warn });
  return { client, api, [Symbol.dispose]: () => void network.close() };
}

/** Every call that bai makes. */
const calls: Readonly<Record<string, (edge: Edge) => Promise<unknown>>> = {
  create: ({ api }) => api.create(request, signal),
  match: ({ api }) => api.match('demo', signal),
  describe: ({ api }) => api.describe(id, signal),
  list: ({ api }) => api.list({ statuses: 'live', owner: 'own' }, signal),
  logs: ({ api }) => api.logs(session, signal),
  rename: ({ api }) => api.rename(session, 'other', signal),
  terminate: ({ api }) => api.terminate(session, { forced: false, recursive: false }, signal),
  images: ({ api }) => api.images(signal),
  choices: ({ api }) => api.choices(request, signal),
  'image offers': ({ client }) => imageOffers(client, signal),
  'folder offers': ({ client }) => folderOffers(client, { warn, signal }),
  'project offers': ({ client }) => projectOffers(client, { chosen: 'default', signal }),
  'resource offer': ({ client }) => resourceOffer(client, { project: 'default', group: 'gpu', warn, signal }),
  apps: ({ api }) => api.apps(session, signal),
  readFile: ({ api }) => api.readFile(session, 'id_container', signal),
  events: async ({ api }) => {
    for await (const event of api.events(session, signal)) return event;
    return undefined;
  },
  'read the key': ({ client }) => accountKeyOf(client).read(signal),
  'make a key': ({ client }) => accountKeyOf(client).generate(signal),
  'store a key': ({ client }) =>
    accountKeyOf(client).upload({ publicLine: 'ssh-rsa AAAA', privateText: 'x' }, signal),
};

/** Rejections are bai's own; what is answered can be shown. */
async function expectRefusalOrAnswer(what: string, label = what): Promise<void> {
  using edge = open();
  const call = calls[what];
  try {
    JSON.stringify(await call?.(edge));
  } catch (error) {
    expect(error, `${label}: ${error instanceof Error ? error.stack : String(error)}`).toBeInstanceOf(
      BaiError,
    );
    const { exitCode, stack, details } = describeError(error);
    expect([exitCode === 70, stack]).toEqual([false, undefined]);
    JSON.stringify(details);
  }
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
}

const row = `{"session_id":"${id}","name":"demo","status":"RUNNING"`;
const deep = 20_000;
const inGraphql = (value: string): string =>
  `{"data":{"compute_session":${value},"compute_session_list":{"total_count":1,"items":[${value}]},"images":${value},"user":${value}}}`;

const bodies: Readonly<Record<string, string | Buffer>> = {
  'arrays in arrays': '['.repeat(deep) + ']'.repeat(deep),
  'objects in objects': `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
  'arrays without end': '['.repeat(2_000_000),
  'a deep column': inGraphql(`${row},"status_data":${JSON.stringify('['.repeat(deep) + ']'.repeat(deep))}}`),
  'a deep value in a column': inGraphql(`${row},"idle_checks":${'['.repeat(deep)}${']'.repeat(deep)}}`),
  'a deep problem': `{"type":"x","msg":${'['.repeat(deep)}${']'.repeat(deep)}}`,
  'numbers out of range': inGraphql(`${row},"cluster_size":1e999}`),
  'many sessions that are not there': '{"data":{"compute_session_list":{"total_count":1e308,"items":[]}}}',
  'a negative number of sessions': `{"data":{"compute_session_list":{"total_count":-1,"items":[${row}}]}}}`,
  'ports that are none': `[{"name":"sshd","protocol":"tcp","ports":[-1,1e300,0.5]}]`,
  __proto__: '{"__proto__":{"polluted":true},"matches":[{"__proto__":{"polluted":true},"id":"x"}]}',
  '__proto__ among slots': inGraphql(
    `${row},"occupying_slots":"{\\"__proto__\\":{\\"polluted\\":true},\\"cpu\\":\\"1\\"}"}`,
  ),
  'constructor.prototype': '{"constructor":{"prototype":{"polluted":true}}}',
  'keys that come twice': `{"matches":[],"matches":7,"data":null,"data":{}}`,
  'half a surrogate': inGraphql(`{"session_id":"${id}","name":"\\ud800","status":"\\udfff"}`),
  'bytes that are no UTF-8': Buffer.concat([
    Buffer.from('{"matches":[{"id":"'),
    Buffer.from([0xff, 0xc0, 0x80]),
    Buffer.from('"}]}'),
  ]),
  'a byte order mark': '\ufeff{"matches":[]}',
  'a long name': inGraphql(`{"session_id":"${id}","name":"${'n'.repeat(5_000_000)}","status":"RUNNING"}`),
  'control characters': inGraphql(
    `{"session_id":"${id}","name":"\\u001b]0;x\\u0007\\n","status":"\\u202eRUN"}`,
  ),
  'nothing at all': '',
  null: 'null',
  'a number': '7',
  'a text': '"text"',
};

const statuses = [200, 201, 400, 404, 500];

test.each(Object.keys(calls))(
  '%s: every hostile body, with every status, is an answer or a refusal',
  async (what) => {
    for (const [name, body] of Object.entries(bodies)) {
      for (const status of statuses) {
        hostile.say = (_, outgoing) =>
          outgoing.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
        await expectRefusalOrAnswer(what, `${what}, ${name}, ${status}`);
      }
    }
  },
);

test.each(Object.keys(calls))('%s: whatever JSON there is, it is an answer or a refusal', async (what) => {
  await fc.assert(
    fc.asyncProperty(fc.json({ maxDepth: 5 }), fc.constantFrom(...statuses), async (body, status) => {
      hostile.say = (_, outgoing) => outgoing.writeHead(status).end(body);
      await expectRefusalOrAnswer(what);
    }),
    { numRuns: 40 },
  );
});

test('JSON nested 20,000 deep is refused, and the manager is named: 1', async () => {
  using home = tempFolder();
  for (const greets of [true, false]) {
    hostile.greets = greets;
    hostile.say = (_, outgoing) => outgoing.end(bodies['arrays in arrays']);
    const env = {
      BACKEND_ENDPOINT: hostile.url.origin,
      BACKEND_ACCESS_KEY: 'AKIATEST',
      BACKEND_SECRET_KEY: 'x',
    };
    const { code, stdout, stderr } = await bai(['session', 'list'], { home: home.path, env });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(hostile.url.origin);
    expect(stderr).not.toMatch(/^\s+at /m);
  }
  hostile.greets = true;
});

interface Measured {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Of the process, at its largest. */
  readonly megabytes: number;
}

/** `bai ARGS` with its largest size. */
async function measure(args: readonly string[]): Promise<Measured> {
  using home = tempFolder();
  const file = join(home.path, 'rss');
  const shim = join(home.path, 'shim.mjs');
  writeFileSync(
    shim,
    `import { writeFileSync } from 'node:fs';
process.on('exit', () => writeFileSync(${JSON.stringify(file)}, String(process.resourceUsage().maxRSS)));`,
  );
  const env = {
    BACKEND_ENDPOINT: hostile.url.origin,
    BACKEND_ACCESS_KEY: 'AKIATEST',
    BACKEND_SECRET_KEY: 'x',
    NODE_OPTIONS: `--import=${shim}`,
  };
  const result = await bai(args, { home: home.path, env });
  const { readFileSync } = await import('node:fs');
  return { ...result, megabytes: Number(readFileSync(file, 'utf8')) / 1024 };
}

const uuid = (count: number): string => `${count.toString(16).padStart(8, '0')}-7d0a-4b63-9a51-0f6d2c1e8b77`;

/** A page of a list that says it has more than anybody can read. */
function page(from: number, count: number, name: (at: number) => string): string {
  const items = Array.from({ length: count }, (_, at) => ({
    session_id: uuid(from + at),
    name: name(from + at),
    status: 'RUNNING',
  }));
  return JSON.stringify({ data: { compute_session_list: { total_count: 1e12, items } } });
}

test('pages of sessions without end: the newest 10,000, and that there are more', async () => {
  let asked = 0;
  hostile.say = (_, outgoing) => {
    outgoing.end(page(asked * 100, 100, (at) => `session-${at}`));
    asked += 1;
  };
  const { code, stdout, stderr, megabytes } = await measure(['session', 'list', '--name-only']);
  expect([code, stdout.split('\n').length - 1, asked]).toEqual([0, 10_000, 100]);
  expect(stderr).toContain('only the newest 10000 sessions are listed');
  expect(megabytes).toBeLessThan(250);
});

test('a page that comes again and again is noticed', async () => {
  let asked = 0;
  hostile.say = (_, outgoing) => {
    asked += 1;
    outgoing.end(page(0, 100, (at) => `session-${at}`));
  };
  const { code, stdout, stderr } = await measure(['session', 'list']);
  expect([code, stdout, asked]).toEqual([1, '', 2]);
  expect(stderr).toContain('repeats a page of its list');
});

test('pages of sessions with endless names are given up', async () => {
  let asked = 0;
  hostile.say = (_, outgoing) => {
    outgoing.end(page(asked * 100, 100, () => 'n'.repeat(100_000)));
    asked += 1;
  };
  const { code, stderr, megabytes } = await measure(['session', 'list']);
  expect([code, asked < 10]).toEqual([1, true]);
  expect(stderr).toContain('lists sessions in more than');
  expect(megabytes).toBeLessThan(500);
});

test('an answer of 100 MB is given up on the way', async () => {
  hostile.say = (_, outgoing) => {
    const chunk = Buffer.alloc(1 << 20, ' ');
    let left = 100;
    const more = (): void => {
      while (left > 0 && !outgoing.destroyed) {
        left -= 1;
        if (!outgoing.write(chunk)) return void outgoing.once('drain', more);
      }
      outgoing.end('{}');
    };
    more();
  };
  for (const args of [
    ['session', 'list'],
    ['session', 'info', 'demo'],
    ['key', 'status'],
  ]) {
    const { code, stderr, megabytes } = await measure(args);
    expect([code, megabytes < 250]).toEqual([1, true]);
    expect(stderr).toContain('larger than');
  }
});
