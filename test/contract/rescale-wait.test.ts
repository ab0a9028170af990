/** Waiting for a job, by the one wait that bai has for every platform. */

import { expect, test } from 'vitest';
import type { Provider } from '../../src/core/session/provider.ts';
import { BaiError } from '../../src/errors.ts';
import { createRescale } from '../../src/providers/rescale/provider.ts';
import { waitForSession } from '../../src/services/session/wait-session.ts';
import { openRescaleBed, type RescaleBed, signal, until } from '../support/rescale-bed.ts';

const common = {
  ...{ answerMs: 5_000, userAgent: 'bai/test', now: () => new Date() },
  info: () => {},
  warn: () => {},
};

function open({ client, network }: RescaleBed, pollMs = 5): Provider {
  const parts = { client, network, ...common, pollMs };
  return createRescale({ ...parts, myAddress: async () => '198.51.100.7' });
}

interface Waiting {
  readonly id: string;
  readonly provider: Provider;
  readonly onLine?: (line: string) => void;
  readonly until?: AbortSignal;
  readonly timeoutMs?: number;
}

/** What somebody sees while it lasts. */
async function wait({ id, provider, onLine, until: end = signal, timeoutMs }: Waiting): Promise<string[]> {
  const lines: string[] = [];
  const update = (line: string): void => {
    lines.push(line);
    onLine?.(line);
  };
  const session = { id, name: 'demo', status: 'Pending' };
  const step = { update, done: () => {}, fail: () => {} };
  await waitForSession(
    { session, ...(timeoutMs !== undefined && { timeoutMs }) },
    { provider, step, signal: end },
  );
  return lines;
}

test('a job is waited for through the statuses that were seen live, until its machines are listed', async () => {
  await using bed = await openRescaleBed();
  const order = ['Pending', 'Waiting for Queue', 'Queued', 'Started', 'Validated', 'Executing'];
  bed.emulator.jobs.holdAt('Pending');
  const job = await bed.job();
  const lines = await wait({
    id: job.id,
    provider: open(bed),
    onLine(line) {
      const at = order.findIndex((status) => line.startsWith(`demo: ${status}`));
      bed.emulator.jobs.holdAt(order[at + 1]);
    },
  });
  expect(lines).toEqual([
    ...order.slice(0, -1).map((status) => `demo: ${status}`),
    'demo: Executing (its machines are not listed yet)',
    'demo: Executing',
  ]);
});

test('a job that was only saved says so, and goes on when somebody submits it', async () => {
  await using bed = await openRescaleBed();
  const job = await bed.job({ isSubmitted: false });
  const onLine = (line: string): void => {
    if (line.includes('Saved')) job.submit();
  };
  const lines = await wait({ id: job.id, provider: open(bed), onLine });
  expect(lines[0]).toBe('demo: Saved (it was not submitted: Rescale starts it when it is)');
  expect(lines.at(-1)).toBe('demo: Executing');
});

test('a job that ends instead is told, and so is one that is gone', async () => {
  await using bed = await openRescaleBed();
  bed.emulator.jobs.holdAt('Queued');
  const job = await bed.job();
  await job.reached('Queued', signal);
  const waiting = wait({ id: job.id, provider: open(bed) });
  void job.stop();
  await expect(waiting).rejects.toMatchObject({ code: 'session-terminated' });
  await expect(wait({ id: 'nOsUcH', provider: open(bed) })).rejects.toMatchObject({
    code: 'session-not-found',
  });
});

test('a platform that is away for a moment is asked again; a refusal is none', async () => {
  await using bed = await openRescaleBed();
  const job = await bed.job();
  await until(() => job.nodes.length > 0, 'it has a machine');
  const route = `GET /api/v2/jobs/${job.id}/`;
  bed.emulator.faults.add({ kind: 'answer', route, status: 502 }, 2);
  const lines = await wait({ id: job.id, provider: open(bed) });
  expect(lines.filter((line) => line.endsWith('looking again'))).toHaveLength(2);
  const refusal = bed.emulator.faults.add({ kind: 'answer', route, status: 401 });
  await expect(wait({ id: job.id, provider: open(bed) })).rejects.toMatchObject({ code: 'auth-failed' });
  expect(refusal.hits).toBe(1);
});

test('the wait between two looks ends with the interrupt, and with the time that was allowed', async () => {
  await using bed = await openRescaleBed();
  bed.emulator.jobs.holdAt('Pending');
  const { id } = await bed.job();
  const provider = open(bed, 600_000);
  const user = new AbortController();
  const waiting = wait({ id, provider, until: user.signal });
  await until(() => bed.emulator.requests.some(({ target }) => target.includes('statuses')), 'a look');
  user.abort(new BaiError('interrupted'));
  await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
  await expect(wait({ id, provider, timeoutMs: 300 })).rejects.toMatchObject({ code: 'timeout' });
});

test('a job is looked at every ten seconds: an account may ask a limited number of times an hour', async () => {
  await using bed = await openRescaleBed();
  const { client, network } = bed;
  const parts = { client, network, ...common };
  expect(createRescale({ ...parts, myAddress: async () => '' }).pollMs).toBe(10_000);
});
