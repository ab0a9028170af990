import { expect, test } from 'vitest';
import { headNodeAddress } from '../../src/providers/rescale/head-node.ts';
import { accountOf, describeJob, findJobs, listJobs, stopJob } from '../../src/providers/rescale/jobs.ts';
import { clientOf, openRescaleBed, signal, until } from '../support/rescale-bed.ts';

const statusesSeenLive = ['Pending', 'Waiting for Queue', 'Queued', 'Started', 'Validated', 'Executing'];

test('jobs are listed over all pages, newest first, with the platform’s own word and what it means', async () => {
  await using bed = await openRescaleBed();
  bed.emulator.jobs.holdAt('Pending');
  for (let index = 0; index < 105; index += 1) await bed.job({ name: `job ${index}` });
  const { items, isCut } = await listJobs(bed.client, { all: false, signal });
  expect(items).toHaveLength(105);
  expect(isCut).toBe(false);
  expect(items.map(({ name }) => name).slice(0, 2)).toEqual(['job 104', 'job 103']);
  expect(items[0]).toMatchObject({
    ...{
      status: 'Pending',
      phase: 'starting',
      owner: 'user@local.test',
      analyses: ['Bring Your Own Software'],
    },
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
  expect(bed.emulator.requests.map(({ target }) => target)).toContain(
    '/api/v2/jobs/?state=not_completed&page_size=100&page=2',
  );
});

test('jobs that have ended are listed when they are asked for', async () => {
  await using bed = await openRescaleBed();
  const ended = await bed.job({ name: 'over', command: 'true' });
  const live = await bed.job({ name: 'on' });
  await until(() => ended.hasEnded, 'the first job has ended');
  const names = async (all: boolean): Promise<unknown> =>
    (await listJobs(bed.client, { all, signal })).items.map(({ name, phase }) => [name, phase]);
  await live.reached('Executing', signal);
  expect(await names(false)).toEqual([['on', 'ready']]);
  expect(await names(true)).toEqual([
    ['on', 'ready'],
    ['over', 'ended'],
  ]);
});

test('a job is found by its id, in which upper and lower case count', async () => {
  const ids = ['aBc', 'AbC'];
  await using bed = await openRescaleBed({ makeId: () => ids.shift() ?? 'zZz' });
  await bed.job({ name: 'first' });
  await bed.job({ name: 'second' });
  const found = async (reference: string): Promise<unknown> =>
    (await findJobs(bed.client, reference, signal)).map(({ name }) => name);
  expect(await found('aBc')).toEqual(['first']);
  expect(await found('AbC')).toEqual(['second']);
  expect(await found('abc')).toEqual([]);
});

test.each(['with blanks  and ø', '../../x', 'a/b?c#d', '-v', '100%', 'ünïcode'])(
  'a job is found by the name %j, letter by letter',
  async (name) => {
    await using bed = await openRescaleBed();
    const job = await bed.job({ name });
    await bed.job({ name: `${name} ` });
    expect((await findJobs(bed.client, name, signal)).map(({ id }) => id)).toEqual([job.id]);
  },
);

test('jobs of the same name are all found, newest first, and one whose id is that name goes before them', async () => {
  const ids = ['one', 'two', 'twin'];
  await using bed = await openRescaleBed({ makeId: () => ids.shift() ?? 'more' });
  await bed.job({ name: 'twin' });
  await bed.job({ name: 'twin' });
  expect((await findJobs(bed.client, 'twin', signal)).map(({ id }) => id)).toEqual(['two', 'one']);
  await bed.job({ name: 'other' });
  expect((await findJobs(bed.client, 'twin', signal)).map(({ id }) => id)).toEqual(['twin']);
});

test('an ended job is found by its name when no live one has it', async () => {
  await using bed = await openRescaleBed();
  const first = await bed.job({ command: 'true' });
  await until(() => first.hasEnded, 'it has ended');
  expect((await findJobs(bed.client, 'demo', signal)).map(({ id }) => id)).toEqual([first.id]);
  const second = await bed.job();
  expect((await findJobs(bed.client, 'demo', signal)).map(({ id }) => id)).toEqual([second.id]);
});

test('a job that was saved and not submitted is told from one that starts', async () => {
  await using bed = await openRescaleBed();
  const job = await bed.job({ isSubmitted: false });
  const saved = { status: 'Saved', phase: 'suspended' };
  expect(await describeJob(bed.client, job.id, signal)).toMatchObject({ ...saved, history: [] });
  expect((await listJobs(bed.client, { all: false, signal })).items).toMatchObject([saved]);
});

test('the statuses of a job are in the order in which they were', async () => {
  await using bed = await openRescaleBed();
  const job = await bed.job();
  await until(() => job.nodes.length > 0, 'it has a machine');
  const details = await describeJob(bed.client, job.id, signal);
  expect(details?.history.map(({ status }) => status)).toEqual(statusesSeenLive);
});

test('a job that executes is not ready before its machines are listed', async () => {
  await using bed = await openRescaleBed();
  bed.emulator.jobs.holdAt('Executing');
  const job = await bed.job();
  await job.reached('Executing', signal);
  expect(await describeJob(bed.client, job.id, signal)).toMatchObject({
    ...{ status: 'Executing', phase: 'starting', instances: [] },
  });
  bed.emulator.jobs.holdAt(undefined);
  await until(() => job.nodes.length > 0, 'it has a machine');
  const details = await describeJob(bed.client, job.id, signal);
  expect(details).toMatchObject({ status: 'Executing', phase: 'ready' });
  const { user, sshPort: port } = job.head;
  expect(headNodeAddress(job.id, details?.instances ?? [])).toEqual({ user, host: '127.0.0.1', port });
});

test('of several machines it is the one with the role MPI_MASTER that is logged in to, wherever it stands', async () => {
  await using bed = await openRescaleBed();
  const job = await bed.job({ cores: 24 });
  await until(() => job.nodes.length > 0, 'it has machines');
  const details = await describeJob(bed.client, job.id, signal);
  expect(details?.instances.map(({ role }) => role)).toEqual(['MPI_SLAVE', 'MPI_SLAVE', 'MPI_MASTER']);
  expect(headNodeAddress(job.id, details?.instances ?? []).port).toBe(job.head.sshPort);
});

test('a job that is stopped ends by and by', async () => {
  await using bed = await openRescaleBed();
  const job = await bed.job();
  await until(() => job.nodes.length > 0, 'it has a machine');
  await stopJob(bed.client, job.id, signal);
  expect(bed.emulator.requests.at(-1)).toMatchObject({ method: 'POST', status: 202 });
  await until(() => job.hasEnded, 'it has ended');
  expect(await describeJob(bed.client, job.id, signal)).toMatchObject({ phase: 'ended', instances: [] });
});

test('jobs of another account are not there', async () => {
  await using bed = await openRescaleBed({
    accounts: [
      { email: 'a@x.test', apiKey: 'key-of-a' },
      { email: 'b@x.test', apiKey: 'key-of-b' },
    ],
  });
  const job = await bed.job();
  expect(await accountOf(bed.client, signal)).toMatchObject({ email: 'a@x.test' });
  const other = clientOf(bed.emulator.address, 'key-of-b', { network: bed.network });
  expect(await describeJob(other, job.id, signal)).toBeUndefined();
  expect(await findJobs(other, 'demo', signal)).toEqual([]);
});
