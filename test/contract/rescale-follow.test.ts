import { expect, test } from 'vitest';
import { BaiError } from '../../src/errors.ts';
import { followJob, pauseAfter } from '../../src/providers/rescale/follow-job.ts';
import type { JobDetails } from '../../src/providers/rescale/jobs.ts';
import { openRescaleBed, type RescaleBed, signal, until } from '../support/rescale-bed.ts';

/** What the looks found, each change once. */
async function looksAt(bed: RescaleBed, id: string, options = {}): Promise<string[]> {
  const seen: string[] = [];
  for await (const { status, phase } of followJob(bed.client, id, { signal, pauseMs: () => 5, ...options })) {
    const look = `${status}: ${phase}`;
    if (look !== seen.at(-1)) seen.push(look);
  }
  return seen;
}

test('a job is followed through the statuses that were seen live until somebody can get in', async () => {
  await using bed = await openRescaleBed();
  const order = ['Pending', 'Waiting for Queue', 'Queued', 'Started', 'Validated', 'Executing'];
  bed.emulator.jobs.holdAt('Pending');
  const job = await bed.job();
  const seen: string[] = [];
  for await (const { status, phase } of followJob(bed.client, job.id, { signal, pauseMs: () => 5 })) {
    if (`${status}: ${phase}` !== seen.at(-1)) seen.push(`${status}: ${phase}`);
    bed.emulator.jobs.holdAt(order[order.indexOf(status) + 1]);
  }
  expect(seen).toEqual([...order.map((status) => `${status}: starting`), 'Executing: ready']);
});

test('a job that ends instead is followed to its end', async () => {
  await using bed = await openRescaleBed({ stepDelayMs: 30 });
  bed.emulator.jobs.holdAt('Queued');
  const job = await bed.job();
  await job.reached('Queued', signal);
  const looks = looksAt(bed, job.id);
  void job.stop();
  expect((await looks).at(-1)).toBe('Completed: ended');
});

test('a job whose command ends is over, and its reason is told', async () => {
  await using bed = await openRescaleBed();
  const job = await bed.job({ command: 'exit 3' });
  await until(() => job.hasEnded, 'it has ended');
  let last: JobDetails | undefined;
  for await (const look of followJob(bed.client, job.id, { signal })) last = look;
  expect(last?.history.at(-1)).toMatchObject({ status: 'Completed', reason: 'the command failed' });
});

test('a job that was only saved is not waited for: it goes on when somebody submits it', async () => {
  await using bed = await openRescaleBed();
  const job = await bed.job({ isSubmitted: false });
  expect(await looksAt(bed, job.id)).toEqual(['Saved: suspended']);
});

test('a job that is not there has no looks', async () => {
  await using bed = await openRescaleBed();
  expect(await looksAt(bed, 'nOsUcH')).toEqual([]);
});

test('a platform that is away for a moment is asked again, and one that says for how long not before', async () => {
  await using bed = await openRescaleBed();
  const job = await bed.job();
  await until(() => job.nodes.length > 0, 'it has a machine');
  const answer = { kind: 'answer', route: `GET /api/v2/jobs/${job.id}/` } as const;
  bed.emulator.faults.add({ ...answer, status: 502 }, 1);
  const retries: BaiError[] = [];
  const pauses: number[] = [];
  const user = new AbortController();
  const looks = looksAt(bed, job.id, {
    signal: user.signal,
    pauseMs: () => 5,
    onRetry(error: BaiError) {
      retries.push(error);
      pauses.push(Number(error.details['retryAfterSeconds'] ?? 0));
      const later = { ...answer, status: 503, headers: { 'Retry-After': '61' } };
      if (retries.length === 1) bed.emulator.faults.add(later, 1);
      else setImmediate(() => user.abort(new BaiError('enough')));
    },
  });
  await expect(looks).rejects.toThrow('enough');
  expect(retries.map(({ code }) => code)).toEqual(['unavailable', 'unavailable']);
  expect(pauses).toEqual([0, 61]);
});

test('a platform that stays away is given up', async () => {
  await using bed = await openRescaleBed();
  bed.emulator.faults.add({ kind: 'answer', route: '*', status: 502 });
  await expect(looksAt(bed, 'OsKBd', { patienceMs: 20 })).rejects.toMatchObject({ code: 'unavailable' });
});

test('a refusal is no reason to look again', async () => {
  await using bed = await openRescaleBed();
  const fault = bed.emulator.faults.add({ kind: 'answer', route: '*', status: 401 });
  await expect(looksAt(bed, 'OsKBd')).rejects.toMatchObject({ code: 'auth-failed' });
  expect(fault.hits).toBe(1);
});

test('the wait between two looks ends with the interrupt', async () => {
  await using bed = await openRescaleBed();
  bed.emulator.jobs.holdAt('Pending');
  const job = await bed.job();
  const user = new AbortController();
  const looks = looksAt(bed, job.id, { signal: user.signal, pauseMs: () => 600_000 });
  await until(() => bed.emulator.requests.some(({ target }) => target.includes('statuses')), 'a look');
  const interrupt = new BaiError('interrupted');
  user.abort(interrupt);
  await expect(looks).rejects.toBe(interrupt);
});

test('a job is looked at every 10 s at first, and every 30 s in the end', () => {
  expect([0, 60_000, 200_000, 300_000, 3_600_000].map(pauseAfter)).toEqual([
    10_000, 10_000, 20_000, 30_000, 30_000,
  ]);
});
