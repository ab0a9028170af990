/** Rescale as the rest of bai sees it: the one interface of all platforms. */

import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { requireFeature } from '../../src/core/session/features.ts';
import type { Provider } from '../../src/core/session/provider.ts';
import { createNetwork } from '../../src/net/network.ts';
import { hostKeyAlias } from '../../src/providers/rescale/host-key-alias.ts';
import { createRescale, type RescaleJobRequest } from '../../src/providers/rescale/provider.ts';
import { resolveAnySession, resolveLiveSession } from '../../src/services/session/resolve-session.ts';
import { waitForSession } from '../../src/services/session/wait-session.ts';
import { openSshConnection } from '../../src/ssh/connection.ts';
import { openFullPort } from '../support/full-port.ts';
import { pythonMissing } from '../support/python.ts';
import { makeKey, openRescaleBed, type RescaleBed, signal, until } from '../support/rescale-bed.ts';

interface Opened {
  readonly provider: Provider;
  readonly told: string[];
}

function open({ client, network }: RescaleBed, answerMs = 5_000): Opened {
  const told: string[] = [];
  const provider = createRescale({
    ...{ client, network, answerMs, pollMs: 10, userAgent: 'bai/test', now: () => new Date() },
    myAddress: async () => '198.51.100.7',
    info: (message) => void told.push(message),
    warn: (message) => void told.push(message),
  });
  return { provider, told };
}

const step = { update: () => {}, done: () => {}, fail: () => {} };

test('a job is resolved, waited for until its machines are there, and logged in to over TCP', async () => {
  await using bed = await openRescaleBed({ sshDelayMs: 300 });
  const { provider } = open(bed);
  const key = makeKey(bed.folder);
  const job = await bed.job({ publicKey: key.line });
  const session = await resolveLiveSession('demo', { provider, signal });
  const details = await waitForSession({ session }, { provider, step, signal });
  expect(details).toMatchObject({ id: job.id, name: 'demo', status: 'Executing' });
  const access = await provider.access(session, { signal });
  expect(access.user).toBe(job.head.user);
  // The machine refuses connections at first: the dial waits for its greeting.
  await using connection = await openSshConnection({
    ...{ session: 'demo', user: access.user, stream: await access.dial(signal), signal },
    privateKey: readFile(key.path),
    verifyHostKey: async () => {},
  });
  expect(connection).toBeDefined();
});

test('ids that differ in case only are two jobs, and so are their host keys', async () => {
  const ids = ['OsKBd', 'OskBd'];
  await using bed = await openRescaleBed({ makeId: () => ids.shift() ?? 'zZz' });
  const { provider } = open(bed);
  await bed.job({ name: 'first' });
  await bed.job({ name: 'second' });
  expect(await resolveLiveSession('OskBd', { provider, signal })).toMatchObject({ name: 'second' });
  await expect(resolveLiveSession('oskbd', { provider, signal })).rejects.toMatchObject({
    code: 'session-not-found',
  });
  expect(await resolveLiveSession('OsKB', { provider, signal })).toMatchObject({ name: 'first' });
  const aliases = ['OsKBd', 'OskBd'].map((id) => provider.hostKeyAlias({ id }));
  expect(new Set(aliases.map((alias) => alias.toLowerCase())).size).toBe(2);
});

test('the pin of a host key names platform and job', () => {
  expect(hostKeyAlias(new URL('https://eu.rescale.com'), 'OsKBd')).toBe(
    'bai-rescale-eu.rescale.com-_os_k_bd',
  );
  expect(hostKeyAlias(new URL('http://127.0.0.1:8000'), 'abc')).toBe('bai-rescale-127.0.0.1_8000-abc');
  expect(hostKeyAlias(new URL('http://[::1]:8000'), 'abc')).toBe('bai-rescale-_1_8000-abc');
});

test('a job without a name goes by its id, and namesakes have to be told by it', async () => {
  await using bed = await openRescaleBed();
  const { provider } = open(bed);
  const [first, second] = [await bed.job({ name: 'twin' }), await bed.job({ name: 'twin' })];
  await expect(resolveLiveSession('twin', { provider, signal })).rejects.toMatchObject({
    code: 'session-ambiguous',
    details: { ids: [second.id, first.id] },
  });
  const nameless = await bed.job({ name: '' });
  expect(await resolveLiveSession(nameless.id, { provider, signal })).toMatchObject({ name: nameless.id });
});

test('states are chosen by the platform’s words, in either spelling, and a wrong one is told with all', async () => {
  await using bed = await openRescaleBed();
  const { provider } = open(bed);
  bed.emulator.jobs.holdAt('Waiting for Queue');
  const job = await bed.job();
  await job.reached('Waiting for Queue', signal);
  const ids = async (...statuses: string[]): Promise<unknown> =>
    (await provider.list({ statuses, owner: 'own' }, signal)).map(({ id }) => id);
  expect(await ids('WAITING_FOR_QUEUE')).toEqual([job.id]);
  expect(await ids('waiting for queue', 'Failed')).toEqual([job.id]);
  expect(await ids('Executing')).toEqual([]);
  await expect(ids('RUNNING')).rejects.toMatchObject({
    ...{ code: 'usage', message: 'Rescale knows no status RUNNING' },
    hint: expect.stringContaining('Pending, Waiting for Cluster'),
  });
  const everyone = { statuses: 'live', owner: 'everyone' } as const;
  await expect(provider.list(everyone, signal)).rejects.toMatchObject({ code: 'unsupported' });
});

test('a job that ends while it is waited for is told with its reason', async () => {
  await using bed = await openRescaleBed();
  const { provider } = open(bed);
  const job = await bed.job({ command: 'exit 1' });
  await until(() => job.hasEnded, 'it has ended');
  const session = await resolveAnySession(job.id, { provider, signal });
  await expect(waitForSession({ session }, { provider, step, signal })).rejects.toMatchObject({
    code: 'session-terminated',
    message: expect.stringContaining('the command failed'),
  });
});

test.each([
  ['its machines are not there yet', 'ssh-not-ready', 'has no machine yet'],
  ['it has no SSH', 'ssh-off', 'has no SSH'],
])('there is no way in when %s', async (what, code, message) => {
  await using bed = await openRescaleBed();
  const { provider } = open(bed);
  bed.emulator.jobs.holdAt('Pending');
  const job = await bed.job();
  const instance = {
    role: 'CUSTOM',
    username: 'u',
    publicIp: '127.0.0.1',
    sshPort: 22,
    supportedServices: [],
  };
  const results = what === 'it has no SSH' ? [instance] : [];
  const body = { next: null, results };
  bed.emulator.faults.add({ kind: 'answer', route: 'GET *instances/', status: 200, body });
  const session = { id: job.id, name: 'demo', status: 'Pending' };
  await expect(provider.access(session, { signal })).rejects.toMatchObject({
    ...{ code, message: expect.stringContaining(message) },
  });
});

test('a machine that never listens is given up with what to do', async () => {
  await using bed = await openRescaleBed({ sshDelayMs: 600_000 });
  const { provider } = open(bed, 300);
  const job = await bed.job();
  await until(() => job.nodes.length > 0, 'it has a machine');
  const access = await provider.access({ id: job.id, name: 'demo', status: '' }, { signal });
  await expect(access.dial(signal)).rejects.toMatchObject({
    code: 'app-not-listening',
    message: expect.stringContaining('the SSH server of job demo'),
    hint: expect.stringContaining(`bai session info ${job.id}`),
  });
});

test('a machine that says nothing, as behind a rule that does not let one in, is told with the rule', async () => {
  await using bed = await openRescaleBed();
  const { provider } = open(bed, 300);
  const job = await bed.job({ cidrRule: '203.0.113.0/24' });
  await until(() => job.nodes.length > 0, 'it has a machine');
  const access = await provider.access({ id: job.id, name: 'demo', status: '' }, { signal });
  await expect(access.dial(signal)).rejects.toMatchObject({ code: 'sshd-not-greeting' });
});

test.skipIf(pythonMissing !== undefined)(
  'a connection that gets no answer at all is most likely the rule, and that is the hint',
  async () => {
    await using bed = await openRescaleBed();
    await using port = await openFullPort();
    const network = createNetwork({ ...bed.network.options, connectTimeoutMs: 500 });
    const { provider } = open({ ...bed, network });
    const job = await bed.job();
    const instance = { role: 'CUSTOM', username: 'u', publicIp: '127.0.0.1', sshPort: port.port };
    const body = { next: null, results: [instance] };
    bed.emulator.faults.add({ kind: 'answer', route: 'GET *instances/', status: 200, body });
    const access = await provider.access({ id: job.id, name: 'demo', status: '' }, { signal });
    await expect(access.dial(signal)).rejects.toMatchObject({
      message: `no connection to the SSH server of job demo at 127.0.0.1:${port.port} in 0.5 s`,
      hint: expect.stringContaining('Access Restriction (CIDR)'),
    });
    await network.close();
  },
);

test('a key that is refused is compared with the one that the job was made with', async () => {
  await using bed = await openRescaleBed();
  const { provider } = open(bed);
  const job = await bed.job({ publicKey: makeKey(bed.folder).line });
  const refusal = {
    session: { id: job.id, name: 'demo', status: 'Executing' },
    user: 'uprod_AbCdE',
    tried: { fingerprint: 'SHA256:other', path: '~/.ssh/id_rsa', isIssued: false },
    issued: async () => undefined,
    authorized: async () => undefined,
  };
  const cause = await provider.explainRefusal?.(refusal, signal);
  expect(cause).toMatchObject({
    reason: 'not-authorised',
    message: expect.stringMatching(/^job demo refused ~\/.ssh\/id_rsa: it was made with the key SHA256:/),
  });
  const own = /SHA256:\S+/.exec(cause?.message ?? '')?.[0] ?? '';
  const known = { ...refusal, tried: { ...refusal.tried, fingerprint: own } };
  expect(await provider.explainRefusal?.(known, signal)).toMatchObject({ reason: 'account' });
  const plain = await bed.job({ name: 'plain' });
  const ofProfile = { ...refusal, session: { ...refusal.session, id: plain.id, name: 'plain' } };
  expect(await provider.explainRefusal?.(ofProfile, signal)).toMatchObject({
    message: expect.stringContaining('when it was submitted, and no later one'),
  });
});

test('a job is made when somebody has agreed to what it costs, and not before', async () => {
  await using bed = await openRescaleBed();
  const { provider } = open(bed);
  const create = requireFeature(provider, 'create');
  const request: RescaleJobRequest = {
    ...{
      name: 'made',
      analysis: 'user_included',
      version: undefined,
      coreType: 'emerald',
      cores: 1,
      hours: 1,
    },
    ...{
      command: undefined,
      isLowPriority: false,
      publicKey: undefined,
      cidr: undefined,
      keyOrigin: 'id.pub',
    },
  };
  const said: string[] = [];
  const toolsWith = (confirm: (question: string) => Promise<void>) => ({
    ...{ signal, confirm, step: () => step },
    info: (message: string) => void said.push(message),
  });
  const declined = toolsWith(() => Promise.reject(new Error('no')));
  await expect(create(request, declined)).rejects.toThrow('no');
  expect(said[0]).toContain('1 core of emerald for up to 1 hour: at most 0.20');
  expect(bed.emulator.jobs.all()).toEqual([]);
  const agreed = toolsWith(async (question) => void said.push(question));
  const made = await create(request, agreed);
  expect(said.at(-1)).toBe('create job made?');
  expect(made).toMatchObject({ name: 'made', created: true, image: 'user_included' });
  expect(bed.emulator.jobs.get('made').id).toBe(made.id);
});

test('a job is stopped, and what other platforms can do beside that is told to be missing', async () => {
  await using bed = await openRescaleBed();
  const { provider } = open(bed);
  const job = await bed.job();
  await until(() => job.nodes.length > 0, 'it has a machine');
  const session = { id: job.id, name: 'demo', status: 'Executing' };
  const terminate = requireFeature(provider, 'terminate');
  await expect(terminate(session, { forced: true, recursive: false }, signal)).rejects.toMatchObject({
    ...{ code: 'unsupported', message: 'Rescale has no --force' },
  });
  await terminate(session, { forced: false, recursive: false }, signal);
  await until(() => job.hasEnded, 'it has ended');
  const log = await requireFeature(provider, 'logs')(session, signal);
  expect(log.split('\n').map((line) => line.replace(/^\S+ /, ''))).toEqual([
    ...[
      'Pending',
      'Waiting for Queue',
      'Queued',
      'Started',
      'Validated',
      'Executing',
      'Stopping',
      'Completed',
      '',
    ],
  ]);
  for (const feature of ['rename', 'accountKey', 'apps', 'nodes', 'files', 'issuedKey'] as const)
    expect(() => requireFeature(provider, feature)).toThrow(
      expect.objectContaining({ code: 'unsupported', message: expect.stringMatching(/^Rescale /) }),
    );
  expect(() => requireFeature(provider, 'accountKey')).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('SSH Public Key') }),
  );
});

test('what a job would be is told with its cost, and no job is made', async () => {
  await using bed = await openRescaleBed();
  const { provider } = open(bed);
  const request: RescaleJobRequest = {
    ...{ name: '', analysis: 'user_included', version: undefined, coreType: 'emerald', cores: 2, hours: 8 },
    ...{
      command: undefined,
      isLowPriority: false,
      publicKey: undefined,
      cidr: undefined,
      keyOrigin: 'id.pub',
    },
  };
  const planned = await requireFeature(provider, 'plan')(request, { signal });
  expect(planned).toMatchObject({
    name: 'bai',
    image: 'user_included',
    coreType: 'emerald',
    cores: 2,
    hours: 8,
  });
  expect(planned.facts).toContainEqual(['cost', expect.stringContaining('at most 3.20')]);
  expect(await provider.list({ statuses: 'all', owner: 'own' }, signal)).toEqual([]);
  const wrong: RescaleJobRequest = { ...request, cores: 3 };
  await expect(requireFeature(provider, 'plan')(wrong, { signal })).rejects.toThrow(/cores/);
  expect(() => requireFeature(provider, 'like')).toThrow('does not tell what its sessions were made from');
});
