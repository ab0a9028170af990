/** Jobs of UCloud from their making to their end, what is checked before, and keys: against the emulator. */

import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { publicLine } from '../../src/emulator/model/accounts.ts';
import type { UcloudApplication } from '../../src/emulator/ucloud/catalog.ts';
import { createJob, type JobRequest } from '../../src/providers/ucloud/create-job.ts';
import type { Job } from '../../src/providers/ucloud/job.ts';
import {
  extendJob,
  renameJob,
  resumeJob,
  suspendJob,
  terminateJob,
} from '../../src/providers/ucloud/job-actions.ts';
import { findJobs, listJobs, retrieveJob } from '../../src/providers/ucloud/jobs.ts';
import { addKey, listKeys, removeKeys } from '../../src/providers/ucloud/keys.ts';
import { explainKeyRefusal, type SshAddress, sshAddressOf } from '../../src/providers/ucloud/ssh-access.ts';
import { openUcloud, type UcloudBed } from '../support/uclouds.ts';
import { until } from '../support/until.ts';

const { signal } = new AbortController();

function newKey(): { readonly line: string; readonly privateKey: string } {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return { line: publicLine(privateKey).trim(), privateKey };
}

const key = newKey();
const request: JobRequest = {
  ...{ application: 'terminal-ubuntu', product: 'u1-small/u1-small-1', parameters: {}, folders: [] },
  ...{ nodes: 1, timeMs: 3_600_000 },
};

async function openWithKey(options: Parameters<typeof openUcloud>[0] = {}): Promise<UcloudBed> {
  const bed = await openUcloud(options);
  await addKey(bed.client, { text: key.line, origin: 'FILE' }, signal);
  return bed;
}

async function create(bed: UcloudBed, more: Partial<JobRequest> = {}): Promise<Job> {
  const { id } = await createJob(bed.client, { ...request, ...more }, signal);
  return look(bed, id);
}

async function look(bed: UcloudBed, id: string): Promise<Job> {
  const job = await retrieveJob(bed.client, id, signal);
  if (job === undefined) throw new Error(`job ${id} is gone`);
  return job;
}

/** Running, and with an SSH server that listens. */
async function ready(bed: UcloudBed, id: string): Promise<Job> {
  const now = bed.emulator.jobs.get(id);
  await until(() => now.state === 'RUNNING' && now.isListening, `job ${id} is ready`);
  return look(bed, id);
}

/** `connected`, or the system's word for why not. */
function reach({ host, port }: SshAddress): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
}

/** Whether the key lets somebody in; the connection is closed again. */
function logIn(
  { user, host, port }: SshAddress,
  privateKey = key.privateKey,
): Promise<ssh2.Client | undefined> {
  const client = new ssh2.Client();
  return new Promise((resolve) => {
    client.on('ready', () => resolve(client));
    client.on('error', () => resolve(undefined));
    client.connect({ host, port, username: user, privateKey });
  });
}

async function letsIn(address: SshAddress, privateKey?: string): Promise<boolean> {
  const client = await logIn(address, privateKey);
  client?.end();
  return client !== undefined;
}

describe('lists', () => {
  test('have all pages, newest first, each job once', async () => {
    await using bed = await openUcloud();
    bed.emulator.jobs.holdAt('created');
    const item = {
      ...{ application: { name: 'terminal-ubuntu', version: '24.04' }, replicas: 1, sshEnabled: true },
      product: { id: 'u1-small-1', category: 'u1-small', provider: 'local' },
    };
    const call = { what: 'make many', method: 'POST', path: 'api/jobs', signal } as const;
    const schema = z.object({ responses: z.array(z.object({ id: z.string() })) });
    const made = await bed.client.json({ ...call, body: { items: Array(230).fill(item) } }, schema);
    const ids = made.responses.map((each) => each.id);
    for (const states of ['live', 'all'] as const)
      expect((await listJobs(bed.client, states, signal)).map(({ id }) => id)).toEqual(ids.toReversed());
    expect(await listJobs(bed.client, ['running', 'SUSPENDED'], signal)).toEqual([]);
    await expect(listJobs(bed.client, ['dancing'], signal)).rejects.toMatchObject({ code: 'usage' });
  });

  test('of keys end at an empty last page', async () => {
    await using bed = await openUcloud();
    const items = Array.from({ length: 100 }, (_, at) => ({ title: `key ${at}`, key: `ssh-rsa AAAA ${at}` }));
    await bed.client.done({ what: 'add', method: 'POST', path: 'api/ssh', body: { items }, signal });
    expect((await listKeys(bed.client, signal)).map(({ title }) => title)).toEqual(
      items.map(({ title }) => title),
    );
    const asked = bed.emulator.requests.filter(({ target }) => target.startsWith('/api/ssh/browse'));
    expect(asked.length).toBe(2);
  });

  test('tell which jobs have SSH, have none, and are not there yet', async () => {
    await using bed = await openWithKey();
    const on = await create(bed, { name: 'on' });
    await ready(bed, on.id);
    bed.emulator.jobs.holdAt('created');
    await create(bed, { name: 'queued' });
    await create(bed, { application: 'always-ssh', name: 'always' });
    const body = {
      ...{ application: { name: 'terminal-ubuntu', version: '24.04' }, replicas: 1, name: 'off' },
      product: { id: 'u1-small-1', category: 'u1-small', provider: 'local' },
    };
    await bed.client.done({
      what: 'make',
      method: 'POST',
      path: 'api/jobs',
      body: { items: [body] },
      signal,
    });
    const seen = (await listJobs(bed.client, 'live', signal)).map(({ name, ssh }) => [name, ssh.kind]);
    expect(seen).toEqual([
      ['off', 'off'],
      ['always', 'waiting'],
      ['queued', 'waiting'],
      ['on', 'address'],
    ]);
  });
});

test('a name means exactly the jobs that are called so, and a number first of all a job', async () => {
  await using bed = await openWithKey();
  const [first, second] = [await create(bed, { name: 'demo' }), await create(bed, { name: 'demo' })];
  await create(bed, { name: 'demo-2' });
  await create(bed, { name: 'Demo' });
  const numbered = await create(bed, { name: first.id });
  const byNumber = await create(bed, { name: '777777' });
  const find = async (reference: string) =>
    (await findJobs(bed.client, reference, signal)).map(({ id }) => id);
  expect(await find('demo')).toEqual([second.id, first.id]);
  expect(await find('terminal-ubuntu')).toEqual([]);
  expect(await find(first.id)).toEqual([first.id]);
  expect(await find(numbered.id)).toEqual([numbered.id]);
  expect(await find('777777')).toEqual([byNumber.id]);
  const strange = 'My run #1 ø "x" & ?id=1 %41 🚀';
  const odd = await create(bed, { name: strange });
  expect(await find(strange)).toEqual([odd.id]);
});

describe('a new job', () => {
  test('is not made while the account has no key: nobody could log in', async () => {
    await using bed = await openUcloud();
    await expect(createJob(bed.client, request, signal)).rejects.toMatchObject({
      ...{ code: 'no-account-key', exitCode: 4, hint: expect.stringContaining('bai key upload') },
    });
    const broken = { items: [{ title: 'type alone', key: 'ssh-rsa' }] };
    await bed.client.done({ what: 'add', method: 'POST', path: 'api/ssh', body: broken, signal });
    await expect(createJob(bed.client, request, signal)).rejects.toMatchObject({ code: 'no-account-key' });
    expect(bed.emulator.jobs.all()).toEqual([]);
  });

  test.each([
    ['terminal-ubuntu', true],
    ['terminal-ubuntu:22.04', true],
    ['always-ssh', false],
    ['machine', false],
  ])('of %s has SSH', async (application, isAsked) => {
    const machine: UcloudApplication = {
      name: 'machine',
      version: '1',
      ssh: undefined,
      backend: 'VIRTUAL_MACHINE',
    };
    const { demoApplications } = await import('../../src/emulator/ucloud/demo.ts');
    await using bed = await openWithKey({ applications: [...demoApplications, machine] });
    const job = await create(bed, { application });
    expect((await ready(bed, job.id)).ssh.kind).toBe('address');
    expect(job.application.version).toBe(application.split(':')[1] ?? job.application.version);
    const raw = z.object({ specification: z.object({ sshEnabled: z.optional(z.boolean()) }) });
    const call = {
      what: 'look',
      method: 'GET',
      path: 'api/jobs/retrieve',
      query: { id: job.id },
      signal,
    } as const;
    expect((await bed.client.json(call, raw)).specification.sshEnabled ?? false).toBe(isAsked);
    // A virtual machine runs until it is ended.
    expect(job.allocationMs).toBe(application === 'machine' ? undefined : 3_600_000);
  });

  test.each([
    ['no-ssh', /application no-ssh has no SSH/],
    ['silent', /application silent has no SSH/],
    ['audited', /application audited keeps an audit log/],
  ])('of %s is not made', async (application, words) => {
    const applications: UcloudApplication[] = [
      { name: 'no-ssh', version: '1', ssh: 'DISABLED' },
      { name: 'silent', version: '1', ssh: undefined },
      { name: 'audited', version: '1', ssh: 'OPTIONAL', jobAuditLog: true },
    ];
    await using bed = await openWithKey({ applications });
    await expect(createJob(bed.client, { ...request, application }, signal)).rejects.toMatchObject({
      ...{ code: 'ssh-off', message: expect.stringMatching(words) },
    });
    expect(bed.emulator.jobs.all()).toEqual([]);
  });

  test('has the time, the nodes and the name that were asked for, and the usual time otherwise', async () => {
    await using bed = await openWithKey();
    const asked = await create(bed, { name: 'long run', nodes: 3, timeMs: 8 * 3_600_000 + 1 });
    expect(asked).toMatchObject({ name: 'long run', nodes: 3, allocationMs: 8 * 3_600_000 + 60_000 });
    const { timeMs: _time, ...usual } = request;
    const { id } = await createJob(bed.client, usual, signal);
    expect(await look(bed, id)).toMatchObject({ name: '', nodes: 1, allocationMs: 3_600_000 });
  });

  test('is told which name was meant', async () => {
    await using bed = await openWithKey();
    const wrong = async (change: Partial<JobRequest>): Promise<unknown> =>
      createJob(bed.client, { ...request, ...change }, signal).catch((error: unknown) => error);
    expect(await wrong({ application: 'terminal-ubunt' })).toMatchObject({
      hint: 'did you mean terminal-ubuntu?',
    });
    expect(await wrong({ application: 'terminal-ubuntu:20.04' })).toMatchObject({
      hint: 'versions: 24.04, 22.04',
    });
    expect(await wrong({ product: 'u1-small/u1-small-9' })).toMatchObject({
      details: {
        products: ['u1-small/u1-small-1@local', 'u1-small/u1-small-2@local', 'u1-small/u1-small-4@local'],
      },
      hint: expect.stringContaining('u1-small/u1-small-2@local (2 CPU, 8 GB)'),
    });
    expect(await wrong({ parameters: { flder: '/x' } })).toMatchObject({
      hint: 'it has none at all',
    });
    expect(await wrong({ application: 'coder', parameters: { workers: '65' } })).toMatchObject({
      message: '"65" is not a valid value for workers (integer): the maximum is 64',
    });
    expect(bed.emulator.jobs.all()).toEqual([]);
  });

  test('does not guess which provider is meant', async () => {
    const { demoProducts } = await import('../../src/emulator/ucloud/demo.ts');
    const [first] = demoProducts;
    if (first === undefined) throw new Error('there are products');
    await using bed = await openWithKey({ products: [first, { ...first, provider: 'other' }] });
    await expect(createJob(bed.client, request, signal)).rejects.toMatchObject({
      message: 'several providers have a product u1-small/u1-small-1',
      details: { products: ['u1-small/u1-small-1@local', 'u1-small/u1-small-1@other'] },
    });
    const job = await create(bed, { product: 'u1-small/u1-small-1@other' });
    expect(job.product.provider).toBe('other');
  });

  test('gets folders of drives by number and by title, and parameters that are folders', async () => {
    await using bed = await openWithKey();
    const project = '00000000-0000-4000-8000-000000000001';
    const id = bed.emulator.addDrive('demo', project, {
      title: 'Home of Demo',
      folders: ['data/images', 'models'],
    });
    bed.emulator.addDrive('demo', project, { title: 'Double', folders: [] });
    bed.emulator.addDrive('demo', project, { title: 'Double', folders: [] });
    bed.emulator.addDrive('demo', undefined, { title: 'Personal', folders: [] });
    const folders = [`/${id}/data/images/`, '/Home of Demo/models', `/${id}`];
    const job = await create(bed, {
      ...{ application: 'coder', folders, parameters: { folder: '/Home of Demo/data', workers: '2' } },
    });
    const home = (await ready(bed, job.id)) && bed.emulator.jobs.get(job.id).home;
    expect(existsSync(join(home ?? '', 'work/images'))).toBe(true);
    const wrong = async (folder: string): Promise<unknown> =>
      createJob(bed.client, { ...request, folders: [folder] }, signal).catch((error: unknown) => error);
    expect(await wrong('/Home of Demo/data/imges')).toMatchObject({
      ...{ code: 'folder-not-found', message: `there is not a folder /${id}/data/imges` },
      hint: 'beside it there is: images',
    });
    expect(await wrong('/Double/x')).toMatchObject({ message: 'several of your drives are called Double' });
    expect(await wrong('/Personal')).toMatchObject({ message: 'this workspace has no drive Personal' });
    expect(await wrong('/')).toMatchObject({ code: 'usage' });
  });

  test('takes values as the parameters have them', async () => {
    const applications: UcloudApplication[] = [
      {
        ...{ name: 'many', version: '1', ssh: 'OPTIONAL' },
        parameters: [
          { type: 'text', name: 'text' },
          { type: 'integer', name: 'integer', optional: true, min: -5, max: 5 },
          { type: 'floating_point', name: 'float', optional: true },
          { type: 'boolean', name: 'flag', optional: true },
          {
            type: 'enumeration',
            name: 'choice',
            optional: true,
            options: [{ name: 'Fast', value: '--fast' }],
          },
          { type: 'text', name: 'usual', defaultValue: { type: 'text', value: 'x' } },
          { type: 'license_server', name: 'licence', optional: true },
        ],
      },
    ];
    await using bed = await openWithKey({ applications });
    const application = 'many';
    const good = { text: 'a=b c', integer: '-5', float: '1.5e3', flag: 'no', choice: '--fast' };
    const job = await create(bed, { application, parameters: good });
    const raw = z.object({
      specification: z.object({
        parameters: z.record(z.string(), z.object({ type: z.string(), value: z.unknown() })),
      }),
    });
    const call = {
      what: 'look',
      method: 'GET',
      path: 'api/jobs/retrieve',
      query: { id: job.id },
      signal,
    } as const;
    const { parameters } = (await bed.client.json(call, raw)).specification;
    const values = Object.entries(parameters).map(([name, { type, value }]) => [name, type, value]);
    expect(values.filter(([name]) => name !== 'ucMetricSampleRate')).toEqual([
      ['text', 'text', 'a=b c'],
      ['integer', 'integer', -5],
      ['float', 'floating_point', 1500],
      ['flag', 'boolean', false],
      ['choice', 'text', 'Fast'],
    ]);
    const wrong: [Record<string, string>, RegExp][] = [
      [{}, /needs a value for text \(text\)/],
      [{ text: 'x', integer: '1.5' }, /"1.5" is not a valid value for integer/],
      [{ text: 'x', integer: '-6' }, /the minimum is -5/],
      [{ text: 'x', float: 'NaN' }, /not a number of that kind/],
      [{ text: 'x', flag: 'maybe' }, /write true or false/],
      [{ text: 'x', choice: 'slow' }, /choice \(Fast\): it is not one of its choices/],
      [{ text: 'x', licence: '1' }, /bai has no way to write a value for licence/],
      [{ text: 'x', toString: '1' }, /has no parameter toString/],
    ];
    for (const [given, words] of wrong)
      await expect(
        createJob(bed.client, { ...request, application, parameters: given }, signal),
      ).rejects.toThrow(words);
  });
});

describe('the SSH server of a job', () => {
  test('is announced before it listens, refuses connections, and then lets its owner in', async () => {
    await using bed = await openWithKey({ sshDelayMs: 400 });
    bed.emulator.jobs.holdAt('IN_QUEUE');
    const { id } = await create(bed);
    await until(() => bed.emulator.jobs.get(id).statuses.length === 2, 'the line is there');
    const queued = await look(bed, id);
    expect([queued.state, queued.ssh.kind]).toEqual(['IN_QUEUE', 'address']);
    const address = sshAddressOf(queued);
    expect(await reach(address)).toBe('ECONNREFUSED');
    bed.emulator.jobs.holdAt(undefined);
    expect(sshAddressOf(await ready(bed, id))).toEqual(address);
    expect(await letsIn(address)).toBe(true);
    expect(await letsIn({ ...address, user: 'work' })).toBe(false);
  });

  test('is at another port after a resume, and nothing listens at the old one', async () => {
    await using bed = await openWithKey();
    const job = await create(bed);
    const before = sshAddressOf(await ready(bed, job.id));
    const suspended = await suspendJob(bed.client, job, signal);
    expect([suspended.phase, suspended.ssh.kind]).toEqual(['suspended', 'waiting']);
    expect(() => sshAddressOf(suspended)).toThrow(/is suspended/);
    await until(async () => (await reach(before)) === 'ECONNREFUSED', 'the old port is given up');
    await resumeJob(bed.client, job, signal);
    const after = sshAddressOf(await ready(bed, job.id));
    expect(after.port).not.toBe(before.port);
    expect(await reach(before)).toBe('ECONNREFUSED');
    expect(await letsIn(after)).toBe(true);
  });

  test('knows the keys of the time it began: a later one does not get in, and bai says why', async () => {
    await using bed = await openWithKey();
    const job = await ready(bed, (await create(bed)).id);
    const late = newKey();
    await until(() => Date.now() > (job.startedAt ?? 0), 'time has passed');
    const { fingerprint = '' } = await addKey(
      bed.client,
      { text: late.line, origin: 'FILE', title: 'new' },
      signal,
    );
    expect(await letsIn(sshAddressOf(job), late.privateKey)).toBe(false);
    expect(await letsIn(sshAddressOf(job))).toBe(true);
    const offered = [fingerprint];
    expect(await explainKeyRefusal(bed.client, job, { offered, signal })).toMatchObject({
      ...{
        reason: 'late-key',
        message: expect.stringContaining('(new) was added to your UCloud account after job'),
      },
    });
    expect(await explainKeyRefusal(bed.client, job, { offered: ['SHA256:other'], signal })).toMatchObject({
      reason: 'not-account-key',
    });
    expect(await explainKeyRefusal(bed.client, job, { offered: [], signal })).toMatchObject({
      reason: 'unknown',
    });
    const next = await ready(bed, (await create(bed)).id);
    expect(await letsIn(sshAddressOf(next), late.privateKey)).toBe(true);
  });

  test('of a job that began without a key lets nobody in, and has its address anyway', async () => {
    await using bed = await openWithKey();
    bed.emulator.jobs.holdAt('IN_QUEUE');
    const { id } = await create(bed);
    for (const { id: each } of await listKeys(bed.client, signal)) await removeKeys(bed.client, each, signal);
    bed.emulator.jobs.holdAt(undefined);
    const job = await ready(bed, id);
    expect(await letsIn(sshAddressOf(job))).toBe(false);
    expect(await explainKeyRefusal(bed.client, job, { offered: [], signal })).toMatchObject({
      reason: 'no-account-key',
    });
  });

  test('has no file server where the image brings none', async () => {
    await using bed = await openWithKey();
    const address = sshAddressOf(await ready(bed, (await create(bed, { application: 'no-sftp' })).id));
    const client = await logIn(address);
    const opened = await new Promise<string>((resolve) => {
      client?.sftp((error) => resolve(error?.message ?? 'opened'));
    });
    client?.end();
    expect(opened).not.toBe('opened');
  });

  test('may begin anew with another host key at the same port', async () => {
    await using bed = await openWithKey();
    const job = await ready(bed, (await create(bed)).id);
    const before = await hostKeyOf(sshAddressOf(job));
    await bed.emulator.jobs.get(job.id).changeHostKey();
    const after = await hostKeyOf(sshAddressOf(await look(bed, job.id)));
    expect(before.startsWith('ssh-ed25519')).toBe(true);
    expect(after).not.toBe(before);
  });

  test('whose line has no known form is not guessed at', async () => {
    await using bed = await openWithKey();
    const job = await ready(bed, (await create(bed)).id);
    const line = 'SSH: Connected! Available at: ssh -oProxyCommand=id@host -p 22';
    bed.emulator.jobs.get(job.id).tell([{ status: line }]);
    const now = await look(bed, job.id);
    expect(() => sshAddressOf(now)).toThrow(/cannot be read/);
  });
});

function hostKeyOf({ host, port, user }: SshAddress): Promise<string> {
  const client = new ssh2.Client();
  return new Promise((resolve) => {
    client.on('error', () => undefined);
    const hostVerifier = (shown: Buffer): boolean => {
      const parsed = ssh2.utils.parseKey(shown);
      resolve(parsed instanceof Error ? '' : `${parsed.type} ${shown.toString('base64')}`);
      return false;
    };
    client.connect({ host, port, username: user, hostVerifier });
  });
}

describe('the end', () => {
  test('takes its time: until then the job is ending', async () => {
    await using bed = await openWithKey();
    const job = await ready(bed, (await create(bed)).id);
    bed.emulator.jobs.holdAt('RUNNING');
    expect(await terminateJob(bed.client, job, signal)).toMatchObject({ phase: 'ending', state: 'RUNNING' });
    bed.emulator.jobs.holdAt(undefined);
    await until(async () => (await look(bed, job.id)).phase === 'ended', 'it has ended');
    expect(await terminateJob(bed.client, job, signal)).toMatchObject({ phase: 'ended', state: 'SUCCESS' });
    await until(async () => (await reach(sshAddressOf(job))) === 'ECONNREFUSED', 'its port is given up');
    await expect(extendJob(bed.client, await look(bed, job.id), { byMs: 1, signal })).rejects.toMatchObject({
      code: 'session-ended',
    });
  });

  test('comes by itself when the time is over, and later after an extension', async () => {
    await using bed = await openWithKey();
    const body = {
      ...{ application: { name: 'terminal-ubuntu', version: '24.04' }, replicas: 1, sshEnabled: true },
      ...{ product: { id: 'u1-small-1', category: 'u1-small', provider: 'local' } },
      timeAllocation: { hours: 0, minutes: 0, seconds: 1 },
    };
    const call = { what: 'make', method: 'POST', path: 'api/jobs', signal } as const;
    await bed.client.done({ ...call, body: { items: [body, body] } });
    const [kept, dropped] = await listJobs(bed.client, 'live', signal);
    if (kept === undefined || dropped === undefined) throw new Error('there are two');
    expect((await extendJob(bed.client, kept, { byMs: 60_001, signal })).allocationMs).toBe(120_000);
    await until(async () => (await look(bed, dropped.id)).state === 'EXPIRED', 'its time is over');
    expect((await look(bed, dropped.id)).phase).toBe('ended');
    expect((await look(bed, kept.id)).phase).not.toBe('ended');
  });

  test('a job without a limit cannot be extended', async () => {
    await using bed = await openWithKey();
    const body = {
      ...{ application: { name: 'terminal-ubuntu', version: '24.04' }, replicas: 1 },
      ...{ product: { id: 'u1-small-1', category: 'u1-small', provider: 'local' } },
    };
    const call = { what: 'make', method: 'POST', path: 'api/jobs', signal } as const;
    await bed.client.done({ ...call, body: { items: [body] } });
    const [job] = await listJobs(bed.client, 'live', signal);
    if (job === undefined) throw new Error('there is one');
    expect(job.expiresAt).toBeUndefined();
    await expect(extendJob(bed.client, job, { byMs: 1, signal })).rejects.toThrow(/nothing to extend/);
  });

  test.each(['', '  ', ' x', 'x ', 'a\nb', 'a\tb', 'a\u202eb', 'a\u0000b', 'x'.repeat(1025)])(
    '%j is no name for a job',
    async (name) => {
      await using bed = await openWithKey();
      const job = await create(bed);
      await expect(renameJob(bed.client, job, { name, signal })).rejects.toMatchObject({ code: 'usage' });
      await expect(createJob(bed.client, { ...request, name }, signal)).rejects.toMatchObject({
        code: 'usage',
      });
    },
  );
});

describe('a key that is added', () => {
  const line = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUbTPbYrB2h2bCGxN8HyYhK0pSpTi1vK0cvNaTjE0dz';
  const blob = line.split(' ')[1] ?? '';

  test.each<[string, string, RegExp]>([
    ['a private key of ssh', key.privateKey, /is a private key/],
    [
      'one of OpenSSH',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----',
      /private key/,
    ],
    ['one of PuTTY', 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n', /private key/],
    ['a private key behind a public one', `${line}\n${key.privateKey}`, /private key/],
    ['nothing', '', /not a public key/],
    ['a word', 'hello', /not a public key/],
    ['a type alone', 'ssh-rsa', /not a public key/],
    ['a key that is cut', line.slice(0, -6), /not a public key/],
    ['a type that is not the key’s', `ssh-rsa ${blob}`, /not a public key/],
    ['two keys', `${line}\n${line}`, /has 2 lines/],
    ['options', `restrict ${line}`, /not a public key/],
    ['a certificate', `ssh-ed25519-cert-v01@openssh.com ${blob}`, /not a public key/],
    ['a DSA key', `ssh-dss ${dssBlob()}`, /DSA/],
  ])('is not %s', async (_what, text, words) => {
    await using bed = await openUcloud();
    await expect(addKey(bed.client, { text, origin: 'FILE' }, signal)).rejects.toThrow(words);
    expect(bed.emulator.requests).toEqual([]);
  });

  test.each([
    ['me@laptop', 'me@laptop'],
    ['', ''],
    ['my laptop', 'my-laptop'],
    ['$(touch x) `id` \\ EOF', 'touch-x-id-EOF'],
    ['"a" \'b\'', 'a-b'],
    ['Jørgen', 'J-rgen'],
    ['a_b.c-d', 'a_b.c-d'],
  ])('%j has %j for its comment there', async (comment, plain) => {
    await using bed = await openUcloud();
    const made = await addKey(bed.client, { text: `${line} ${comment}\r\n`, origin: 'FILE' }, signal);
    expect(made).toMatchObject({ comment: plain, type: 'ssh-ed25519', title: comment || 'ssh-ed25519' });
    expect((await listKeys(bed.client, signal))[0]).toMatchObject({ id: made.id, comment: plain });
  });

  test('is found in whatever form the account has it', async () => {
    await using bed = await openUcloud();
    const stored = { items: [{ title: 'two lines', key: `ssh-rsa AAAA other\n${line} elsewhere` }] };
    await bed.client.done({ what: 'add', method: 'POST', path: 'api/ssh', body: stored, signal });
    await expect(addKey(bed.client, { text: `${line} here`, origin: 'FILE' }, signal)).rejects.toMatchObject({
      ...{ code: 'key-exists', exitCode: 6, message: expect.stringContaining('(two lines)') },
    });
  });

  test('can be removed by its fingerprint, every copy of it, and only that', async () => {
    await using bed = await openUcloud();
    const items = [`${line} a`, `${line} b`, key.line].map((each, at) => ({ title: String(at), key: each }));
    await bed.client.done({ what: 'add', method: 'POST', path: 'api/ssh', body: { items }, signal });
    const [{ fingerprint } = { fingerprint: '' }] = await listKeys(bed.client, signal);
    expect(fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    const removed = await removeKeys(bed.client, fingerprint ?? '', signal);
    expect(removed.map(({ title }) => title)).toEqual(['0', '1']);
    expect((await listKeys(bed.client, signal)).map(({ title }) => title)).toEqual(['2']);
    await expect(removeKeys(bed.client, 'SHA256:nothing', signal)).rejects.toMatchObject({
      ...{ code: 'key-not-found', hint: expect.stringMatching(/^it has: \d+ \(2\)$/) },
    });
  });
});

/** The parts of a DSA key, each of one byte. */
function dssBlob(): string {
  const parts = ['ssh-dss', 'a', 'a', 'a', 'a'].map((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return Buffer.concat([length, Buffer.from(part)]);
  });
  return Buffer.concat(parts).toString('base64');
}
