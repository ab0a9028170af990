/** What UCloud refuses, what is lost on the way, and what bai makes of it. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { BaiError, InterruptedError } from '../../src/errors.ts';
import { createJob, type JobRequest } from '../../src/providers/ucloud/create-job.ts';
import { renameJob, terminateJob } from '../../src/providers/ucloud/job-actions.ts';
import { listJobs, retrieveJob } from '../../src/providers/ucloud/jobs.ts';
import { addKey, listKeys, removeKeys } from '../../src/providers/ucloud/keys.ts';
import { checkApiToken } from '../../src/providers/ucloud/token.ts';
import { connect, openUcloud, type UcloudBed } from '../support/uclouds.ts';

const { signal } = new AbortController();
const keyLine =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUbTPbYrB2h2bCGxN8HyYhK0pSpTi1vK0cvNaTjE0dz demo@laptop';

const alice = { username: 'alice', password: 'a', email: 'alice@x.test', firstNames: 'Alice', lastName: 'A' };
const bob = { username: 'bob', password: 'b', email: 'bob@x.test', firstNames: 'Bob', lastName: 'B' };
const project = (id: string, more: object = {}) => ({
  ...{ id, title: `Project ${id}`, members: { alice: 'PI' as const }, allocations: ['u1-small'] },
  ...{ canConsumeResources: true, ...more },
});

/** Alice in three projects, one of which has nothing, and one of which may use nothing; Bob in none. */
async function openProjects(): Promise<UcloudBed> {
  return openUcloud({
    users: [alice, bob],
    projects: [
      project('rich'),
      project('poor', { allocations: [] }),
      project('idle', { canConsumeResources: false }),
    ],
  });
}

const request: JobRequest = {
  ...{ application: 'terminal-ubuntu', product: 'u1-small/u1-small-1', parameters: {}, folders: [] },
  ...{ nodes: 1, timeMs: 3_600_000 },
};

async function failure(promise: Promise<unknown>): Promise<BaiError> {
  const error: unknown = await promise.then(
    (value) => new Error(`it went well: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof BaiError)) throw error;
  return error;
}

function posts(bed: UcloudBed, path: string): number {
  return bed.emulator.requests.filter(({ method, target }) => method === 'POST' && target === path).length;
}

describe('the token', () => {
  test.each([
    '',
    'garbage',
    'uc',
    'ucxyz-1',
    'uc77',
    'uc77-',
    'uc1f-a b',
    'uc1f-a\nb',
    'AKIA1234',
    ' uc1f-abc',
  ])('%j is none, and is not repeated in the error', (text) => {
    const check = (): void => checkApiToken(text, 'the token');
    expect(check).toThrow(/is not a UCloud API token/);
    if (text.length > 3) expect(check).not.toThrow(text);
  });

  test.each(['wrong', 'unknown', 'expired', 'revoked', 'of a project one has left'])('%s', async (what) => {
    await using bed = await openProjects();
    const gone: Record<string, 'PI'> = { alice: 'PI' };
    await using other = await openUcloud({ users: [alice], projects: [project('left', { members: gone })] });
    const tokens: Record<string, () => Promise<string>> = {
      wrong: async () => `${bed.token}0`,
      unknown: async () => 'ucffffff-00000000',
      expired: async () => bed.emulator.issueToken('alice', 'rich', { expiresAt: Date.now() - 1 }),
      revoked: async () => revoked(bed),
      'of a project one has left': async () => {
        delete gone['alice'];
        return other.token;
      },
    };
    const token = (await tokens[what]?.()) ?? '';
    const at = what.startsWith('of') ? other : bed;
    const client = at.connect(token);
    for (const asked of [
      client.whoAmI(signal),
      listJobs(client, 'live', signal),
      retrieveJob(client, '1', signal),
    ]) {
      const error = await failure(asked);
      expect([error.code, error.exitCode]).toEqual(['auth-failed', 3]);
      expect(told(error)).not.toContain(token.slice(3));
    }
  });

  test('one that was revoked is good for up to a minute', async () => {
    await using bed = await openProjects();
    const token = bed.emulator.issueToken('alice', 'rich');
    const client = bed.connect(token);
    await client.whoAmI(signal);
    await revoke(bed, token);
    expect((await client.whoAmI(signal)).email).toBe('alice@x.test');
    bed.emulator.forgetUsedTokens();
    expect((await failure(client.whoAmI(signal))).code).toBe('auth-failed');
  });

  test('goes to no other address: a redirect is not followed', async () => {
    await using bed = await openProjects();
    const heard: string[] = [];
    const elsewhere = createServer((asked, answer) => {
      heard.push(asked.headers.authorization ?? 'nothing');
      answer.end('{}');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const { port } = elsewhere.address() as AddressInfo;
    try {
      for (const status of [301, 302, 303, 307, 308]) {
        const headers = { Location: `http://127.0.0.1:${port}/` };
        using _fault = bed.emulator.faults.add({ kind: 'answer', route: /./, status, headers });
        for (const asked of [
          bed.client.whoAmI(signal),
          addKey(bed.client, { text: keyLine, origin: 'F' }, signal),
        ])
          expect((await failure(asked)).code).toBe('redirected');
      }
      expect(heard).toEqual([]);
    } finally {
      elsewhere.close();
    }
  });

  test.each(['http://ucloud.example', 'http://10.0.0.1:8080'])(
    'is not sent to %s, where others read it',
    (endpoint) => {
      const token = 'uc1f-00112233445566';
      expect(() => connect({ endpoint, token })).toThrow(/unencrypted/);
      expect(() => connect({ endpoint, token })).not.toThrow(/00112233/);
    },
  );
});

/** All that an error could show of itself. */
function told(error: unknown, depth = 0): string {
  if (!(error instanceof Error) || depth > 5) return JSON.stringify(error) ?? '';
  const details = error instanceof BaiError ? `${error.hint} ${JSON.stringify(error.details)}` : '';
  return `${error.stack} ${details} ${told(error.cause, depth + 1)}`;
}

async function revoke(bed: UcloudBed, token: string): Promise<void> {
  const id = String(Number.parseInt(token.slice(2), 16));
  await bed.client.done({
    what: 'revoke it',
    method: 'POST',
    path: 'api/tokens/revoke',
    body: { id },
    signal,
  });
}

async function revoked(bed: UcloudBed): Promise<string> {
  const token = bed.emulator.issueToken('alice', 'rich');
  await revoke(bed, token);
  return token;
}

describe('a 403 is blamed on what it is about', () => {
  test('a job of another workspace is not there, and cannot be changed', async () => {
    await using bed = await openProjects();
    await addKey(bed.client, { text: keyLine, origin: 'FILE' }, signal);
    const made = await createJob(bed.client, { ...request, name: 'mine' }, signal);
    for (const token of [
      bed.emulator.issueToken('alice', 'poor'),
      bed.emulator.issueToken('bob', undefined),
    ]) {
      const client = bed.connect(token);
      expect(await retrieveJob(client, made.id, signal)).toBeUndefined();
      expect(await listJobs(client, 'all', signal)).toEqual([]);
      for (const asked of [
        terminateJob(client, made, signal),
        renameJob(client, made, { name: 'x', signal }),
      ])
        expect(await failure(asked)).toMatchObject({ code: 'session-not-found', exitCode: 4 });
    }
    expect((await retrieveJob(bed.client, made.id, signal))?.name).toBe('mine');
  });

  test('a rename that UCloud passes over is told', async () => {
    await using bed = await openProjects();
    await addKey(bed.client, { text: keyLine, origin: 'FILE' }, signal);
    const made = await createJob(bed.client, { ...request, name: 'old' }, signal);
    using _fault = bed.emulator.faults.add({
      kind: 'answer',
      route: 'POST /api/jobs/rename',
      status: 200,
      body: {},
    });
    const error = await failure(renameJob(bed.client, made, { name: 'new', signal }));
    expect(error).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('still called "old"'),
    });
  });

  test('a project that may use nothing', async () => {
    await using bed = await openProjects();
    await addKey(bed.client, { text: keyLine, origin: 'FILE' }, signal);
    const error = await failure(
      createJob(bed.connect(bed.emulator.issueToken('alice', 'idle')), request, signal),
    );
    expect(error).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('not allowed to consume'),
    });
  });

  test('a gateway’s 403 is not taken for UCloud’s, and who one is is not asked', async () => {
    await using bed = await openProjects();
    const body = '<html>blocked</html>';
    using fault = bed.emulator.faults.add({
      kind: 'answer',
      route: /./,
      status: 403,
      body,
      contentType: 'text/html',
    });
    const error = await failure(listKeys(bed.client, signal));
    expect(error.code).toBe('forbidden');
    expect(error.message).toContain('UCloud or a proxy before it answered 403');
    expect(fault.hits).toBe(1);
  });

  test('when nobody says who one is, the refusal is told as it is', async () => {
    await using bed = await openProjects();
    const why = { statusCode: 403, why: 'Not for you', errorCode: '', detailedCode: 0 };
    using _refused = bed.emulator.faults.add({
      kind: 'answer',
      route: 'GET /api/ssh/browse',
      status: 403,
      body: why,
    });
    using _away = bed.emulator.faults.add({ kind: 'reset', route: 'GET /auth/users/userInfo' });
    const error = await failure(listKeys(bed.client, signal));
    expect([error.code, error.message]).toEqual(['forbidden', 'cannot list your SSH keys: Not for you']);
  });
});

test('a workspace without an allocation: status 3, and what to do', async () => {
  await using bed = await openProjects();
  await addKey(bed.client, { text: keyLine, origin: 'FILE' }, signal);
  const client = bed.connect(bed.emulator.issueToken('alice', 'poor'));
  const error = await failure(createJob(client, request, signal));
  expect([error.code, error.exitCode]).toEqual(['payment-required', 3]);
  expect(error.message).toContain("You do not have any valid allocations for 'u1-small'");
  expect(error.hint).toContain('workspace');
});

describe('too many requests', () => {
  test('a pause that is asked for is made, and said', async () => {
    await using bed = await openUcloud();
    const said: string[] = [];
    const client = bed.connect(bed.token, { onPause: (message) => said.push(message) });
    bed.emulator.faults.add(
      { kind: 'answer', route: /browse/, status: 429, headers: { 'Retry-After': '1' } },
      1,
    );
    expect(await listKeys(client, signal)).toEqual([]);
    expect(said).toEqual(['UCloud asks for a pause (status 429); trying again in 1 s']);
  });

  test('one that is too long is told', async () => {
    await using bed = await openUcloud();
    bed.emulator.faults.add({ kind: 'answer', route: /./, status: 429, headers: { 'Retry-After': '3600' } });
    const error = await failure(listKeys(bed.client, signal));
    expect(error).toMatchObject({ code: 'rate-limited', details: { retryAfterSeconds: 3600 } });
    expect(error.hint).toContain('60 minutes');
  });
});

describe('when nobody knows whether a job was made', () => {
  const lost = { kind: 'reset', route: 'POST /api/jobs' } as const;
  const gateway = {
    kind: 'answer',
    route: 'POST /api/jobs',
    status: 502,
    body: '<html>',
    contentType: 'text/html',
  };
  const nonsense = {
    kind: 'answer',
    route: 'POST /api/jobs',
    status: 200,
    body: 'ok',
    contentType: 'text/plain',
  };

  test.each([
    ['no answer', lost],
    ['a gateway’s 502', gateway],
    ['an answer that makes no sense', nonsense],
  ] as const)('%s: it may have been created, and is not asked for twice', async (_what, fault) => {
    await using bed = await openUcloud();
    await addKey(bed.client, { text: keyLine, origin: 'FILE' }, signal);
    bed.emulator.faults.add(fault as typeof lost);
    const error = await failure(createJob(bed.client, { ...request, name: 'demo' }, signal));
    expect(error.message).toContain('job demo may have been created');
    expect(error.hint).toContain('bai session list');
    expect(posts(bed, '/api/jobs')).toBe(1);
  });

  test('the provider of the machine is away: nothing is made, and nothing in doubt', async () => {
    await using bed = await openUcloud();
    await addKey(bed.client, { text: keyLine, origin: 'FILE' }, signal);
    bed.emulator.jobs.setProviderAway(true);
    const error = await failure(createJob(bed.client, request, signal));
    expect([error.code, error.exitCode]).toEqual(['unavailable', 5]);
    expect(error.message).toBe('cannot create the job: the provider of the machine does not answer');
    expect(await listJobs(bed.client, 'all', signal)).toEqual([]);
  });

  test('nothing listens there: nothing was sent, and nothing is in doubt', async () => {
    await using bed = await openUcloud();
    await addKey(bed.client, { text: keyLine, origin: 'FILE' }, signal);
    const client = bed.connect(bed.token, { now: () => new Date() });
    await bed.emulator.faults.refuseConnections(true);
    const error = await failure(addKey(client, { text: keyLine, origin: 'FILE' }, signal));
    expect(error.code).toBe('unreachable');
    expect(error.message).toMatch(/cannot reach UCloud at http:\/\/127\.0\.0\.1:\d+: nothing listens there/);
    expect(error.message).not.toContain('may have');
    await bed.emulator.faults.refuseConnections(false);
  });

  test('a key whose answer is lost may have been added; one that is taken away may be gone', async () => {
    await using bed = await openUcloud();
    bed.emulator.faults.add({ kind: 'reset', route: 'POST /api/ssh' }, 1);
    const adding = await failure(addKey(bed.client, { text: keyLine, origin: 'FILE' }, signal));
    expect(adding.message).toContain('the key may have been added');
    const { id } = await addKey(bed.client, { text: keyLine, origin: 'FILE' }, signal);
    bed.emulator.faults.add({ kind: 'reset', route: 'DELETE /api/ssh' }, 1);
    expect((await failure(removeKeys(bed.client, id, signal))).message).toContain('it may have been removed');
  });

  test('a key that UCloud does not remove though it says so is told', async () => {
    await using bed = await openUcloud();
    const { id } = await addKey(bed.client, { text: keyLine, origin: 'FILE' }, signal);
    bed.emulator.faults.add({ kind: 'answer', route: 'DELETE /api/ssh', status: 200, body: {} });
    expect((await failure(removeKeys(bed.client, id, signal))).message).toBe(
      `UCloud did not remove key ${id}`,
    );
  });
});

describe('what answers is no UCloud', () => {
  test('it knows no such path', async () => {
    await using bed = await openUcloud();
    const body = '404 page not found\n';
    bed.emulator.faults.add({ kind: 'answer', route: /./, status: 404, body, contentType: 'text/plain' });
    for (const asked of [bed.client.whoAmI(signal), retrieveJob(bed.client, '1', signal)])
      expect((await failure(asked)).code).toBe('not-a-manager');
  });

  test('it answers everything with a page', async () => {
    await using bed = await openUcloud();
    bed.emulator.faults.add({
      kind: 'answer',
      route: /./,
      status: 200,
      body: '<html>',
      contentType: 'text/html',
    });
    for (const asked of [bed.client.whoAmI(signal), listKeys(bed.client, signal)])
      expect((await failure(asked)).code).toBe('protocol');
  });

  test('its list has no end', async () => {
    await using bed = await openUcloud();
    const page = { items: [], itemsPerPage: 100, next: '7' };
    const fault = bed.emulator.faults.add({
      kind: 'answer',
      route: 'GET /api/ssh/browse',
      status: 200,
      body: page,
    });
    expect((await failure(listKeys(bed.client, signal))).code).toBe('answer-too-large');
    expect(fault.hits).toBe(2);
  });
});

test('Ctrl-C ends a call that is not answered', async () => {
  await using bed = await openUcloud();
  bed.emulator.faults.add({ kind: 'hang', route: /./ });
  const interrupt = new AbortController();
  const asked = failure(listKeys(bed.client, interrupt.signal));
  setImmediate(() => interrupt.abort(new InterruptedError()));
  expect((await asked).code).toBe('interrupted');
});

test('a connection that was kept and is dead is no failure', async () => {
  await using bed = await openUcloud();
  await listKeys(bed.client, signal);
  bed.emulator.faults.add({ kind: 'reset', route: 'GET /api/ssh/browse' }, 1);
  expect(await listKeys(bed.client, signal)).toEqual([]);
});

test('the answer of a call is checked before anything of it is used', async () => {
  await using bed = await openUcloud();
  const body = { items: [{ id: 5 }], itemsPerPage: 50, next: null };
  bed.emulator.faults.add({ kind: 'answer', route: /./, status: 200, body });
  expect((await failure(listKeys(bed.client, signal))).code).toBe('protocol');
  const call = { what: 'look', method: 'GET', path: 'api/x', signal } as const;
  await expect(bed.client.json(call, z.object({ items: z.array(z.string()) }))).rejects.toMatchObject({
    code: 'protocol',
  });
});
