/** The emulator is asked what a genuine UCloud was asked, in the same order, and answers alike. */

import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { UcloudApplication } from '../../src/emulator/ucloud/catalog.ts';
import {
  type EmulatedJob,
  startUcloudEmulator,
  type UcloudEmulator,
} from '../../src/emulator/ucloud/emulator.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import {
  type IdKind,
  Likeness,
  type Recorded,
  recordedExchanges,
  recordedFollowing,
} from './ucloud-recording.ts';

/** What is another answer on purpose, by file and place in its body. */
const differences: readonly { readonly file: number; readonly place: string; readonly why: string }[] = [
  { file: 23, place: '.status.server', why: 'where this UCloud is' },
  { file: 27, place: '.items.0.status.server', why: 'where this UCloud is' },
  { file: 27, place: '.items.1.status.server', why: 'where this UCloud is' },
  {
    file: 128,
    place: '.responses.0.providerDomain',
    why: 'the provider of the emulator has no address of its own',
  },
];

const users = ['tomas', 'mira', 'dora'].map((username) => ({
  ...{ username, password: `demo-password-${username}`, email: `${username}@example.org` },
  ...{ firstNames: username.charAt(0).toUpperCase() + username.slice(1), lastName: 'Example' },
}));

const miras = '22222222-2222-4222-8222-222222222222';
const doras = '33333333-3333-4333-8333-333333333333';
const miraProject = {
  ...{ id: miras, title: 'Jobs', members: { mira: 'PI' as const }, allocations: ['u1-small'] },
  canConsumeResources: true,
};
/** Of who runs the provider: it is there to sell resources, not to use them. */
const providerProject = {
  ...{ id: doras, title: 'Provider demo', members: { dora: 'PI' as const }, allocations: [] },
  canConsumeResources: false,
};

const applications: readonly UcloudApplication[] = [
  { name: 'terminal-demo', version: '1', ssh: 'OPTIONAL' },
  { name: 'always-ssh', version: '1', ssh: 'MANDATORY' },
  { name: 'no-ssh', version: '1', ssh: 'DISABLED' },
  { name: 'needs-text', version: '1', ssh: 'OPTIONAL', parameters: [{ type: 'text', name: 'note' }] },
];

const products = [
  {
    ...{ id: 'u1-small-1', category: 'u1-small', provider: 'demo', description: 'A small machine' },
    ...{ cpu: 1, memoryInGigs: 4, backends: ['DOCKER' as const, 'VIRTUAL_MACHINE' as const] },
  },
];

/** Whose JWT it was, where that was another one than tomas's. */
const bearers: Readonly<Record<number, string>> = {
  ...{ 20: 'dora', 65: 'mira', 67: 'mira', 111: 'mira', 112: 'mira' },
};
/** Which project was meant, where the placeholder names one. */
const projects: Readonly<Record<number, string>> = { 14: miras, 29: doras, 111: miras };

/** When the tokens were made, by the recording's clock. */
const recordedAt = 1_796_007_618_472;

let homes: TempFolder;
let emulator: UcloudEmulator;
let likeness: Likeness;
const tokens = new Map<string, string>();

beforeAll(async () => {
  homes = tempFolder();
  emulator = await startUcloudEmulator({
    ...{ homesRoot: homes.path, users, applications, products, stepDelayMs: 1, sshDelayMs: 1 },
    projects: [miraProject, providerProject],
  });
  likeness = new Likeness(recordedAt);
  emulator.jobs.holdAt('created');
});

afterAll(async () => {
  await emulator?.[Symbol.asyncDispose]();
  homes?.[Symbol.dispose]();
});

/** What happened between the exchanges: other tokens, and what the provider did. */
const before: Readonly<Record<number, () => void | Promise<void>>> = {
  2: () => failSignIns('nobody-else', 1),
  4: () => failSignIns('nobody-lock', 5),
  23: () => {
    const expiresAt = likeness.timeNow(1_798_599_618_472);
    learnToken('4', emulator.issueToken('tomas', undefined, { title: 'bai on laptop', expiresAt }));
  },
  28: () => void tokens.set('uc1f', emulator.issueToken('tomas', undefined)),
  35: () => void tokens.set('uc22', emulator.issueToken('tomas', undefined, { expiresAt: Date.now() - 1 })),
  36: () => {
    const token = emulator.issueToken('tomas', undefined);
    tokens.set('uc23', token);
    learnToken('8', token);
  },
  73: () => void tokens.set('uc21', emulator.issueToken('mira', miras)),
  95: () => letGoTo('8', 'IN_QUEUE', ({ statuses }) => statuses.length > 0),
  96: () => letGoTo('8', undefined, ({ state, isListening }) => state === 'RUNNING' && isListening),
  121: () => untilJob('8', ({ state, isListening }) => state === 'RUNNING' && isListening),
  122: () => emulator.jobs.holdAt('RUNNING', job('8')),
  124: () => letGoTo('8', undefined, ({ state }) => state === 'SUCCESS'),
  129: () => {
    miraProject.canConsumeResources = false;
  },
  131: () => {
    miraProject.canConsumeResources = true;
  },
  133: () =>
    emulator.jobs
      .get(job('14'))
      .tell([
        { status: 'Your job is now in the queue' },
        { status: 'line one\nSSH: Connected! Available at: ssh work@127.0.0.1 -p 18222\nline three' },
        { state: 'RUNNING', status: 'The job is now running' },
      ]),
};

function job(then: string): string {
  return likeness.idNow('job', then);
}

function learnToken(then: string, token: string): void {
  likeness.learnId('token', then, String(Number.parseInt(token.slice(2), 16)));
}

type JobNow = Pick<EmulatedJob, 'state' | 'statuses' | 'isListening'>;

async function letGoTo(
  then: string,
  held: string | undefined,
  isThere: (now: JobNow) => boolean,
): Promise<void> {
  emulator.jobs.holdAt(held, job(then));
  await untilJob(then, isThere);
}

function untilJob(then: string, isThere: (now: JobNow) => boolean): Promise<void> {
  return until(() => isThere(emulator.jobs.get(job(then))), `what job ${then} should be`);
}

async function failSignIns(username: string, times: number): Promise<void> {
  for (let tried = 0; tried < times; tried += 1) {
    const body = { username, password: 'wrong', service: 'dev-web' };
    await ask('POST', '/auth/loginServer', { 'content-type': 'application/json' }, JSON.stringify(body));
  }
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

function ask(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const url = new URL(path, emulator.endpoint);
    const options = { method, headers: { ...headers, ...length }, agent: false as const };
    const outgoing = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, headers: answered, text: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

let refreshToken = '';

function bearerNow(number: number, written: string): string {
  if (written === 'Bearer <refresh-token>') return `Bearer ${refreshToken}`;
  if (written === 'Bearer <jwt>') return `Bearer ${jwtFor(number)}`;
  if (written === 'Bearer uc4-00000000')
    return `Bearer uc${Number(likeness.idNow('token', '4')).toString(16)}-00000000`;
  const token = /^Bearer (uc[0-9a-f]+)-<secret>$/.exec(written)?.[1];
  return token === undefined ? written : `Bearer ${tokens.get(token) ?? ''}`;
}

function jwtFor(number: number): string {
  const jwt = emulator.issueJwt(bearers[number] ?? 'tomas', number === 11 || number === 12 ? -1000 : 60_000);
  return number === 13 ? `${jwt.slice(0, -4)}AAAA` : jwt;
}

/** The request of then, with the numbers and times of now. */
function requestNow({ number, request: { method, path, headers, body } }: Recorded): Promise<Answered> {
  const kind = kindOf(path);
  const sent = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (name === 'authorization') return [name, bearerNow(number, value)];
      return [name, name === 'project' && value.startsWith('1111') ? (projects[number] ?? value) : value];
    }),
  );
  const isOffset = path.includes('sortBy');
  const target = path.replace(/([?&](?:id|next)=)(\d+)/g, (whole, start: string, id: string) =>
    kind === undefined || (isOffset && start.includes('next')) ? whole : start + likeness.idNow(kind, id),
  );
  return ask(method, target, sent, bodyNow(body, kind));
}

function bodyNow(body: unknown, kind: IdKind | undefined): string | undefined {
  if (body === undefined || typeof body === 'string') return body;
  return JSON.stringify(body, (name, value: unknown) => {
    if (name === 'expiresAt' && typeof value === 'number') return likeness.timeNow(value);
    const isId = (name === 'id' || name === 'jobId') && typeof value === 'string' && /^\d+$/.test(value);
    return isId && kind !== undefined ? likeness.idNow(kind, value) : value;
  });
}

function kindOf(path: string): IdKind | undefined {
  if (path.startsWith('/api/ssh')) return 'key';
  if (path.startsWith('/api/jobs')) return path.includes('sortBy') ? undefined : 'job';
  return path.startsWith('/api/tokens') ? 'token' : undefined;
}

/** Items of a sorted list have ids all the same; its `next` is an offset. */
function differencesOf({ request: { path }, response }: Recorded, now: unknown): string[] {
  if (!path.includes('sortBy')) return likeness.compare(response.body, now, kindOf(path));
  const [{ items, ...restThen }, { items: itemsNow, ...restNow }] = [response.body, now] as [Paged, Paged];
  return [
    ...likeness.compare(items, itemsNow, 'job', '.items'),
    ...likeness.compare(restThen, restNow, undefined),
  ];
}

interface Paged {
  readonly items: readonly unknown[];
}

describe('the emulator answers as UCloud did', () => {
  const exchanges = recordedExchanges();

  test('all exchanges of the recording are here', () => {
    expect(exchanges.length + 1).toBe(131);
  });

  // One after the other: each begins where the one before has left off.
  test.each(exchanges.map((each) => [`${each.number} ${each.what}`, each] as const))(
    '%s',
    async (_name, recorded) => {
      await before[recorded.number]?.();
      const now = await requestNow(recorded);
      const isJson = typeof recorded.response.body !== 'string';
      const body: unknown = isJson ? JSON.parse(now.text) : now.text;
      if (recorded.number === 1) refreshToken = (body as { refreshToken: string }).refreshToken;
      expect(now.status).toBe(recorded.response.status);
      for (const [name, value] of Object.entries(recorded.response.headers ?? {}))
        expect(now.headers[name]).toBe(value);
      const expected = differences.filter(({ file }) => file === recorded.number).map(({ place }) => place);
      const found = differencesOf(recorded, body).map((line) => [line.slice(0, line.indexOf(': ')), line]);
      expect(found.filter(([place]) => !expected.includes(place ?? '')).map(([, line]) => line)).toEqual([]);
      expect(found.map(([place]) => place)).toEqual(expected);
    },
  );

  test('a job that is followed over a WebSocket is told first, and then what is new of it', async () => {
    const { sent, received } = recordedFollowing();
    const socket = new WebSocket(`${emulator.endpoint.replace('http', 'ws')}/api/jobs`, 'binary');
    const messages: { payload: { initialJob: unknown; updates: { status: string }[] } }[] = [];
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
    await new Promise((resolve) => socket.once('open', resolve));
    const [bearer, id] = [tokens.get(sent.bearer.split('-')[0] ?? '') ?? '', job(sent.payload.id)];
    socket.send(JSON.stringify({ ...sent, bearer, payload: { id } }));
    await until(() => messages.length > 0, 'the job is told');
    const { payload, ...rest } = messages[0] ?? { payload: undefined };
    const asRetrieved = await ask(
      'GET',
      `/api/jobs/retrieve?id=${id}&includeProduct=true`,
      authorized(bearer),
      undefined,
    );
    expect({ ...rest, payload: { ...payload, initialJob: '<job as in retrieve>' } }).toEqual(received[0]);
    expect(payload?.initialJob).toEqual(JSON.parse(asRetrieved.text));
    emulator.jobs.get(id).tell([{ status: 'something new' }]);
    await until(() => messages.length > 1, 'the update is told');
    expect(messages[1]?.payload.updates.map(({ status }) => status)).toEqual(['something new']);
    socket.close();
  });

  test.each(['uc21', 'uc1f'])(
    'a job that is not there, or not of %s, hangs up without a word',
    async (token) => {
      const socket = new WebSocket(`${emulator.endpoint.replace('http', 'ws')}/api/jobs`, 'binary');
      const closed = new Promise<number>((resolve) => socket.once('close', resolve));
      await new Promise((resolve) => socket.once('open', resolve));
      const id = token === 'uc21' ? '99999999' : job('14');
      socket.send(
        JSON.stringify({ call: 'jobs.follow', streamId: '0', payload: { id }, bearer: tokens.get(token) }),
      );
      expect(await closed).toBe(1006);
    },
  );

  test('times follow each other as they did, and no two ports are one', () => {
    expect(likeness.contradictions()).toEqual([]);
  });
});

function authorized(bearer: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${bearer}` };
}
