/** Sessions over REST, GraphQL and events, per release. */

import { access, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { openBed, type TestBed } from './emulator-client.ts';

const admin = {
  email: 'admin@local.test',
  accessKey: 'AKIAADMIN',
  secretKey: 'admin-secret',
  role: 'admin',
} as const;
const user = {
  email: 'user@local.test',
  accessKey: 'AKIAUSER',
  secretKey: 'user-secret',
  role: 'user',
} as const;

test('a created session runs when the call returns, with its home closed to others', async () => {
  await using bed = await openBed();
  const reply = await bed.call('POST', '/session', { json: { name: 'demo', image: 'python:3.11' } });
  expect(reply.status).toBe(201);
  expect(reply.json()).toMatchObject({ sessionName: 'demo', status: 'RUNNING', created: true });
  expect(reply.json()['servicePorts']).toContainEqual({ name: 'sshd', protocol: 'tcp', ports: [2200] });
  const home = bed.emulator.sessions.get('demo').home ?? '';
  expect((await stat(home)).mode & 0o777).toBe(0o700);
  expect((await stat(join(home, 'id_container'))).mode & 0o777).toBe(0o600);
});

test.each([
  ['23.09.10', ['PENDING', 'SCHEDULED', 'PREPARING', 'RUNNING']],
  ['26.9.6', ['PENDING', 'SCHEDULED', 'PREPARING', 'PREPARED', 'CREATING', 'RUNNING']],
])('release %s passes its states in order', async (release, states) => {
  await using bed = await openBed({ release });
  await bed.session('demo');
  expect(bed.emulator.sessions.get('demo').history.map(([status]) => status)).toEqual(states);
});

test('a second create reuses the session in another shape, or is refused', async () => {
  await using bed = await openBed();
  const { id } = await bed.session('demo');
  const again = await bed.call('POST', '/session', { json: { name: 'demo', image: 'python' } });
  const { service_ports: raw, servicePorts, created } = again.json();
  expect([again.status, created, raw]).toEqual([201, false, servicePorts]);
  expect(raw).toContainEqual(expect.objectContaining({ name: 'sshd', container_ports: [2200] }));
  for (const more of [{ reuseIfExists: false }, { image: 'python:3.12' }]) {
    const refused = await bed.call('POST', '/session', { json: { name: 'demo', image: 'python', ...more } });
    expect(refused.status).toBe(400);
    expect(refused.json()).toMatchObject({
      error_code: 'session_create_already-exists',
      data: { existingSessionId: id },
    });
  }
});

test('23.09 reuses with service_ports only', async () => {
  await using bed = await openBed({ release: '23.09.10' });
  await bed.session('demo');
  const again = await bed.call('POST', '/session', { json: { name: 'demo', image: 'python' } });
  expect(Object.keys(again.json())).toEqual([
    'sessionId',
    'sessionName',
    'status',
    'service_ports',
    'created',
  ]);
});

test('waiting shorter than the start answers TIMEOUT while the session goes on', async () => {
  await using bed = await openBed();
  bed.emulator.sessions.holdAt('PREPARING');
  const reply = await bed.call('POST', '/session', {
    json: { name: 'demo', image: 'python', maxWaitSeconds: 1 },
  });
  expect([reply.status, reply.json()['status']]).toEqual([201, 'TIMEOUT']);
  bed.emulator.sessions.holdAt(undefined);
  await until(() => bed.emulator.sessions.get('demo').status === 'RUNNING', 'RUNNING');
});

test('a request larger than the cluster stays PENDING', async () => {
  await using bed = await openBed();
  const json = {
    name: 'huge',
    image: 'python',
    enqueueOnly: true,
    config: { resources: { cpu: 4000, mem: '1g' } },
  };
  expect((await bed.call('POST', '/session', { json })).json()['status']).toBe('PENDING');
  const info = await bed.call('GET', '/session/huge');
  expect(info.json()).toMatchObject({
    status: 'PENDING',
    statusInfo: 'no-available-instances',
    containerId: null,
  });
});

test.each([
  ['26.9.6', 404, 'Unknown image reference: nosuch'],
  ['23.09.10', 404, "Unknown image references: ref:'nosuch', alias:'nosuch'"],
])('release %s does not know an unknown image', async (release, status, text) => {
  await using bed = await openBed({ release });
  const reply = await bed.call('POST', '/session', { json: { name: 'demo', image: 'nosuch' } });
  expect(reply.status).toBe(status);
  expect(reply.json()['msg']).toContain(text);
});

test('strict releases refuse unknown keys, new ones ignore them', async () => {
  await using old = await openBed({ release: '23.09.10' });
  const strange = await old.call('POST', '/session', {
    json: { name: 'demo', image: 'python', priority: 3 },
  });
  expect([strange.status, strange.json()['data']]).toEqual([
    400,
    { priority: 'priority is not allowed key' },
  ]);
  const inside = { name: 'demo', image: 'python', config: { mount_ids: [] } };
  expect((await old.call('POST', '/session', { json: inside })).status).toBe(500);
  const short = await old.call('POST', '/session', { json: { name: 'ab', image: 'python' } });
  expect(short.json()['data']).toEqual({ name: 'does not match pattern ^(?=.{4,64}$)\\w[\\w.-]*\\w$' });
  await using now = await openBed();
  await now.session('demo', { whatever: 1, config: { strange: true } });
});

test('mounts become folders of the home; the ssh folder cannot be mounted over', async () => {
  await using bed = await openBed();
  const config = { mounts: ['data', 'models'], mount_map: { models: '/home/work/deep/models' } };
  await bed.session('demo', { config });
  const { home = '', spec } = bed.emulator.sessions.get('demo');
  expect(spec.mounts).toEqual({ data: 'data', models: 'deep/models' });
  await access(join(home, 'deep', 'models'));
  for (const bad of [
    { mounts: ['.ssh'] },
    { mounts: ['a'], mount_map: { a: '/home/work/.ssh' } },
    { mounts: ['..'] },
  ]) {
    const reply = await bed.call('POST', '/session', {
      json: { name: 'other', image: 'python', config: bad },
    });
    expect(reply.status).toBeGreaterThanOrEqual(400);
  }
});

test('info shows slots as Python prints them and None as a word', async () => {
  await using bed = await openBed({ release: '23.09.10' });
  await bed.session('demo', { config: { resources: { cpu: 2, mem: '256m' }, environ: { LANG: 'C' } } });
  const info = (await bed.call('GET', '/session/demo')).json();
  expect(info).toMatchObject({
    requestedSlots: "{'cpu': Decimal('2'), 'mem': Decimal('268435456')}",
    environ: "{'LANG': 'C'}",
    statusInfo: 'None',
  });
  expect(info['creationTime']).toMatch(/^\d{4}-\d\d-\d\d \d\d:/);
  expect(info).not.toHaveProperty('id');
});

test('names match whole, dead names are free again, and unknown ids are forbidden on 26.9', async () => {
  await using bed = await openBed();
  const { id } = await bed.session('demo');
  expect((await bed.call('GET', '/session/dem')).status).toBe(404);
  expect((await bed.call('GET', '/session/00000000-0000-4000-8000-000000000000')).status).toBe(403);
  await bed.call('DELETE', '/session/demo');
  await until(() => bed.emulator.sessions.get(id).status === 'TERMINATED', 'TERMINATED');
  const byName = await bed.call('GET', '/session/demo');
  expect([byName.status, byName.json()['title']]).toEqual([404, 'Entity not found.']);
  expect((await bed.call('GET', `/session/${id}`)).json()['msg']).toBe(`Session (id=${id}) does not exist.`);
  expect((await bed.call('GET', `/session/${id}/logs`)).status).toBe(200);
  expect((await bed.call('DELETE', `/session/${id}`)).json()).toEqual({ stats: {} });
  const second = await bed.session('demo');
  const matches = (await bed.call('GET', '/session/_/match?id=demo')).json<{ matches: { id: string }[] }>()
    .matches;
  expect(matches.map((match) => match.id)).toEqual([second.id, id]);
});

test('terminating removes the home; old releases wait for that, new ones answer first', async () => {
  await using old = await openBed({ release: '23.09.10' });
  await old.session('demo');
  const { home = '' } = old.emulator.sessions.get('demo');
  const reply = await old.call('DELETE', '/session/demo');
  expect(reply.json()).toMatchObject({ stats: { status: 'terminated' } });
  await expect(access(home)).rejects.toThrow('ENOENT');
  await using now = await openBed();
  await now.session('demo');
  expect((await now.call('DELETE', '/session/demo')).json()).toEqual({ stats: { status: 'terminated' } });
});

test('old releases terminate a session that starts only when forced', async () => {
  await using bed = await openBed({ release: '25.6.0' });
  bed.emulator.sessions.holdAt('PREPARING');
  await bed.session('demo', { enqueueOnly: true });
  await until(() => bed.emulator.sessions.get('demo').status === 'PREPARING', 'PREPARING');
  expect((await bed.call('DELETE', '/session/demo')).status).toBe(403);
  expect((await bed.call('DELETE', '/session/demo?forced=true')).status).toBe(200);
});

test.each([
  ['23.09.10', '?name=renamed', undefined, 204],
  ['26.3.0', '?name=renamed', undefined, 204],
  ['26.3.0', '', { name: 'renamed' }, 400],
  ['26.4.0', '?name=renamed', undefined, 400],
  ['26.9.6', '', { name: 'renamed' }, 204],
  ['26.9.6', '?name=renamed', { name: 'renamed' }, 204],
])('rename on %s with query "%s" and body %o gives %i', async (release, query, json, status) => {
  await using bed = await openBed({ release });
  await bed.session('demo');
  const reply = await bed.call('POST', `/session/demo/rename${query}`, json === undefined ? {} : { json });
  expect(reply.status).toBe(status);
  if (status === 204) expect(bed.emulator.sessions.all()[0]?.name).toBe('renamed');
});

test('a live name cannot be given twice from 25.10 on', async () => {
  await using bed = await openBed();
  await bed.session('first');
  await bed.session('second');
  expect((await bed.call('POST', '/session/second/rename', { json: { name: 'first' } })).status).toBe(400);
});

test('logs by a name that was used twice are ambiguous on 23.09', async () => {
  await using bed = await openBed({ release: '23.09.10' });
  await bed.session('demo');
  await bed.call('DELETE', '/session/demo');
  await bed.session('demo');
  const reply = await bed.call('GET', '/session/demo/logs');
  expect([reply.status, reply.json()['title']]).toEqual([404, 'Too many sessions matched.']);
});

const list =
  'query($limit:Int!,$offset:Int!,$ak:String,$status:String,$filter:String){compute_session_list(limit:$limit,offset:$offset,access_key:$ak,status:$status,filter:$filter){total_count items{session_id name status access_key service_ports cluster_size}}}';
const page = { limit: 10, offset: 0 };

interface List {
  readonly data: {
    readonly compute_session_list: {
      readonly total_count: number;
      readonly items: { name: string }[];
    } | null;
  };
  readonly errors?: { message: string }[] | null;
}

function names(answer: List): string[] {
  return answer.data.compute_session_list?.items.map(({ name }) => name) ?? [];
}

test('users see their own sessions; administrators everyone’s unless they name a key', async () => {
  await using bed = await openBed({ accounts: [admin, user] });
  const asUser = { accessKey: user.accessKey, secretKey: user.secretKey };
  await bed.session('mine');
  await bed.call('POST', '/session', { json: { name: 'theirs', image: 'python' }, ...asUser });
  expect(names(await bed.gql<List>(list, page))).toEqual(['theirs', 'mine']);
  expect(names(await bed.gql<List>(list, { ...page, ak: admin.accessKey }))).toEqual(['mine']);
  expect(names(await bed.gql<List>(list, page, asUser))).toEqual(['theirs']);
  const refused = await bed.gql<List>(list, { ...page, ak: admin.accessKey }, asUser);
  expect(refused).toMatchObject({
    data: { compute_session_list: null },
    errors: [{ message: 'Forbidden operation.' }],
  });
  expect((await bed.call('GET', '/session/mine', asUser)).status).toBe(404);
});

test('a status word the release does not know is an error, a filter and known words are not', async () => {
  await using bed = await openBed({ release: '24.09.1' });
  await bed.session('demo');
  await bed.session('other');
  const refused = await bed.gql<List>(list, { ...page, status: 'RUNNING,CREATING' });
  expect(refused.errors?.[0]?.message).toBe("'CREATING'");
  const found = await bed.gql<List>(list, { ...page, status: 'RUNNING', filter: 'name == "demo"' });
  expect(names(found)).toEqual(['demo']);
  const strange = await bed.gql<List>('{ nope }');
  expect(strange.errors?.[0]?.message).toContain("Cannot query field 'nope' on type 'Queries'.");
  const priority = await bed.gql<List>('query{compute_session_list(limit:1,offset:0){items{priority}}}');
  expect(priority.errors ?? null).toBeNull();
});

test('fields that came later are unknown to 23.09', async () => {
  await using bed = await openBed({ release: '23.09.10' });
  const answer = await bed.gql<List>('query{compute_session_list(limit:1,offset:0){items{priority}}}');
  expect(answer.errors?.[0]?.message).toContain("Cannot query field 'priority'");
});

test('details show an ended session and the containers of a cluster', async () => {
  await using bed = await openBed();
  const { id } = await bed.session('demo', { clusterSize: 3 });
  await bed.emulator.sessions.get(id).force('TERMINATED', 'user-requested');
  const answer = await bed.gql(
    'query($id:UUID!){compute_session(id:$id){status status_info containers{cluster_hostname status}}}',
    { id },
  );
  expect(answer).toMatchObject({
    data: {
      compute_session: {
        status: 'TERMINATED',
        status_info: 'user-requested',
        containers: [
          { cluster_hostname: 'main1' },
          { cluster_hostname: 'sub1' },
          { cluster_hostname: 'sub2' },
        ],
      },
    },
  });
});

test('keypair, user and images answer as clients ask for them', async () => {
  await using bed = await openBed();
  expect(
    await bed.gql('query { keypair { user_id access_key secret_key is_active is_admin } }'),
  ).toMatchObject({
    data: { keypair: { access_key: bed.emulator.accessKey, is_admin: false } },
  });
  expect(await bed.gql('{user{uuid email role groups{id name}}}')).toMatchObject({
    data: { user: { groups: [{ name: 'default' }] } },
  });
  expect(await bed.gql('{images(is_operation:false){name tag registry aliases}}')).toMatchObject({
    data: { images: [{ aliases: expect.arrayContaining(['python', 'python:3.11']) }, {}, {}] },
  });
});

interface Frame {
  readonly event: string;
  readonly data: { readonly sessionId: string; readonly sessionName: string; readonly reason: string };
}

/** Follows the event stream until `last` has come. */
async function follow(
  bed: TestBed,
  query: string,
  last: string,
): Promise<{ opened: Promise<void>; frames: Promise<Frame[]> }> {
  const url = new URL(`/events/session${query}`, bed.emulator.endpoint);
  const outgoing = request(url, { headers: bed.headers('GET', url), agent: false });
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const frames = new Promise<Frame[]>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      open();
      let text = '';
      response.on('error', () => undefined);
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const all = [...text.matchAll(/event: (\w+)\r\ndata: (.*)\r\n\r\n/g)].map(
          ([, event = '', data = '']) => ({
            event,
            data: JSON.parse(data) as Frame['data'],
          }),
        );
        if (!all.some(({ event }) => event === last)) return;
        outgoing.destroy();
        resolve(all);
      });
    });
  });
  outgoing.end();
  return { opened, frames };
}

test('every transition is an event on 26.9, and only some are on 23.09', async () => {
  for (const [release, wanted] of [
    [
      '26.9.6',
      [
        'session_pending',
        'session_scheduled',
        'kernel_preparing',
        'session_preparing',
        'session_prepared',
        'kernel_creating',
        'session_creating',
        'kernel_started',
        'session_started',
      ],
    ],
    [
      '23.09.10',
      [
        'session_enqueued',
        'session_scheduled',
        'kernel_preparing',
        'kernel_creating',
        'session_preparing',
        'kernel_started',
        'session_started',
      ],
    ],
  ] as const) {
    await using bed = await openBed({ release });
    const { opened, frames } = await follow(bed, '?scope=*', 'session_started');
    await opened;
    await bed.session('demo');
    expect((await frames).map(({ event }) => event)).toEqual(wanted);
  }
});

test('25.15 and later ignore sessionId, and a name selects one session', async () => {
  await using bed = await openBed();
  bed.emulator.sessions.holdAt('PENDING');
  const { id } = await bed.session('watched', { enqueueOnly: true });
  const byId = await follow(bed, `?sessionId=${id}`, 'session_terminated');
  const byName = await follow(bed, `?sessionName=watched&sessionId=${id}`, 'session_terminated');
  await Promise.all([byId.opened, byName.opened]);
  bed.emulator.sessions.holdAt(undefined);
  await bed.session('noise');
  await until(() => bed.emulator.sessions.get(id).status === 'RUNNING', 'RUNNING');
  await bed.emulator.sessions.get(id).force('TERMINATED', 'bye');
  const seen = (frames: Frame[]) => new Set(frames.map(({ data }) => data.sessionName));
  expect(seen(await byId.frames)).toEqual(new Set(['watched', 'noise']));
  expect(seen(await byName.frames)).toEqual(new Set(['watched']));
});

test('25.13 refuses an id without a name; an unknown name is 404 everywhere', async () => {
  await using bed = await openBed({ release: '25.13.0' });
  const refused = await bed.call('GET', '/events/session?sessionId=2f1c9b5e-7d0a-4b63-9a51-0f6d2c1e8b77');
  expect([refused.status, refused.json()['msg']]).toEqual([
    400,
    'Wildcard session ID is not yet supported in the Event Hub.',
  ]);
  expect((await bed.call('GET', '/events/session?sessionName=nosuch')).status).toBe(404);
});

test('a batch session runs its command, keeps the output and ends with its result', async () => {
  await using bed = await openBed({ release: '25.6.0' });
  const refused = await bed.call('POST', '/session', {
    json: { name: 'batch', image: 'python', type: 'batch' },
  });
  expect(refused.status).toBe(400);
  const { id } = await bed.session('batch', { type: 'batch', startupCommand: 'echo out; pwd; exit 3' });
  await until(() => bed.emulator.sessions.get(id).status === 'TERMINATED', 'TERMINATED');
  const answer = await bed.gql('query($id:UUID!){compute_session(id:$id){result}}', { id });
  expect(answer).toMatchObject({ data: { compute_session: { result: 'FAILURE' } } });
  const logs = (await bed.call('GET', `/session/${id}/logs`)).json<{ result: { logs: string } }>().result
    .logs;
  expect(logs).toContain('out\n');
});

test('forced ends reach a client that waits', async () => {
  await using bed = await openBed({ release: '25.6.0' });
  bed.emulator.sessions.holdAt('PREPARING');
  const waiting = bed.call('POST', '/session', { json: { name: 'demo', image: 'python' } });
  await until(() => bed.emulator.sessions.all()[0]?.status === 'PREPARING', 'PREPARING');
  await bed.emulator.sessions.get('demo').force('ERROR', 'failed-to-start');
  expect((await waiting).json()).toMatchObject({ status: 'ERROR' });
});
