/** Waiting for a session: events make it quicker, and it does not depend on them. */

import { expect, test } from 'vitest';
import type { Step } from '../../src/core/reporter.ts';
import type { SessionDetails, SessionEvent } from '../../src/core/session/session.ts';
import { BaiError, DeniedError, TimeoutError, UnreachableError } from '../../src/errors.ts';
import type { ComputeSessionDetails } from '../../src/providers/backend-ai/session/compute-session.ts';
import { waitForSession } from '../../src/services/session/wait-session.ts';
import { providerWith } from '../support/provider.ts';

const session = { id: '2f1c9b5e-7d0a-4b63-9a51-0f6d2c1e8b77', name: 'demo', status: 'PENDING' };

function details(status: string, more: Partial<ComputeSessionDetails> = {}): ComputeSessionDetails {
  return {
    ...session,
    status,
    statusInfo: '',
    statusData: null,
    idleChecks: null,
    result: 'UNDEFINED',
    mounts: [],
    containers: [],
    image: 'python',
    type: 'interactive',
    project: '',
    resourceGroup: '',
    accessKey: '',
    nodes: 1,
    createdAt: '',
    terminatedAt: '',
    provider: 'backend.ai',
    resources: {},
    services: [],
    ...more,
  };
}

interface Script {
  /** One look each; the last one is repeated. */
  readonly looks: readonly (ComputeSessionDetails | undefined | Error)[];
  readonly events?: (signal: AbortSignal) => AsyncIterable<SessionEvent>;
  readonly pollMs?: number;
  readonly patienceMs?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

async function wait(script: Script): Promise<{ shown: string[]; looks: number; result: SessionDetails }> {
  const shown: string[] = [];
  const step: Step = { update: (text) => void shown.push(text), done: () => {}, fail: () => {} };
  let looks = 0;
  const result = await waitForSession(
    { session, timeoutMs: script.timeoutMs },
    {
      step,
      signal: script.signal ?? new AbortController().signal,
      pollMs: script.pollMs ?? 1,
      ...(script.patienceMs !== undefined && { patienceMs: script.patienceMs }),
      provider: providerWith({
        async describe() {
          const look = script.looks[Math.min(looks, script.looks.length - 1)];
          looks += 1;
          if (look instanceof Error) throw look;
          return look;
        },
        events: (_session, signal) => (script.events ?? silent)(signal),
        logs: async () => '',
      }),
    },
  );
  return { shown, looks, result };
}

/** Events whose first one is `next`. */
const starting = (next: () => Promise<IteratorResult<SessionEvent>>): AsyncIterable<SessionEvent> => ({
  [Symbol.asyncIterator]: () => ({ next }),
});

const silent = (signal: AbortSignal): AsyncIterable<SessionEvent> =>
  starting(
    () =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve({ done: true, value: undefined }), { once: true }),
      ),
  );

const event = (reason: string): SessionEvent => ({ event: 'session_started', sessionId: session.id, reason });

test('each state is shown once, with its reason', async () => {
  const pending = details('PENDING', {
    statusInfo: 'no-available-instances',
    statusData: { scheduler: { msg: 'not enough cpu' } },
  });
  const { shown } = await wait({ looks: [pending, pending, details('PREPARING'), details('RUNNING')] });
  expect(shown).toEqual([
    'demo: PENDING (no-available-instances: not enough cpu)',
    'demo: PREPARING',
    'demo: RUNNING',
  ]);
});

test.each([
  ['ERROR', 10],
  ['CANCELLED', 11],
  ['TERMINATING', 12],
  ['TERMINATED', 12],
])('%s ends the wait with %d, its reason and what shows more', async (status, exitCode) => {
  const failing = wait({ looks: [details(status, { statusInfo: 'failed-to-start' })] });
  await expect(failing).rejects.toMatchObject({
    exitCode,
    message: expect.stringContaining('failed-to-start'),
    hint: expect.stringContaining('bai session logs'),
    details: { id: session.id, status },
  });
});

test('a batch session that is already done well has run', async () => {
  const { result } = await wait({ looks: [details('TERMINATED', { result: 'SUCCESS' })] });
  expect(result.status).toBe('TERMINATED');
});

test('a batch session that failed is a failure', async () => {
  const failing = wait({ looks: [details('TERMINATED', { result: 'FAILURE' })] });
  await expect(failing).rejects.toMatchObject({ exitCode: 12 });
});

test('an event brings the next look at once', async () => {
  async function* events(): AsyncGenerator<SessionEvent> {
    yield event('');
  }
  const { looks } = await wait({
    looks: [details('PENDING'), details('RUNNING')],
    events,
    pollMs: 3_600_000,
  });
  expect(looks).toBe(2);
});

test('the first look does not wait for the stream: an event before it would never come again', async () => {
  const { looks } = await wait({ looks: [details('RUNNING')], pollMs: 3_600_000 });
  expect(looks).toBe(1);
});

test.each([
  ['refused', new UnreachableError('no events here')],
  ['cut', Object.assign(new Error('aborted'), { code: 'ECONNRESET' })],
])('a stream of events that is %s does not end the wait', async (_how, error) => {
  const events = () => starting(() => Promise.reject(error));
  expect((await wait({ looks: [details('PENDING'), details('RUNNING')], events })).looks).toBe(2);
});

test('a stream that ends does not end the wait', async () => {
  const events = () => starting(async () => ({ done: true, value: undefined }));
  expect((await wait({ looks: [details('PENDING'), details('RUNNING')], events })).looks).toBe(2);
});

test('one look that fails on the way does not end the wait', async () => {
  const looks = [details('PENDING'), new UnreachableError('502'), details('RUNNING')];
  expect((await wait({ looks })).looks).toBe(3);
});

test.each([
  ['no answer', new UnreachableError('502')],
  ['a manager that failed inside', new BaiError('500', { code: 'server-error' })],
  ['an answer that took too long', new TimeoutError('no answer in 60 s')],
])('%s, again and again, does not end the wait before the patience does', async (_what, error) => {
  const looks = [details('PENDING'), ...Array.from({ length: 40 }, () => error), details('RUNNING')];
  const { looks: looked, shown } = await wait({ looks });
  expect([looked, shown[1]]).toEqual([42, `demo: ${error.message}; looking again`]);
});

test('a manager that stays away is given up, and the session is said to go on', async () => {
  const failing = wait({ looks: [details('PENDING'), new UnreachableError('502')], patienceMs: 50 });
  await expect(failing).rejects.toMatchObject({
    exitCode: 5,
    message: '502; session demo was still starting',
    hint: expect.stringContaining('bai session wait demo'),
  });
});

test('what does not pass ends the wait at once', async () => {
  const failing = wait({ looks: [details('PENDING'), new DeniedError('no', { code: 'auth-failed' })] });
  await expect(failing).rejects.toMatchObject({ exitCode: 3, message: 'no' });
});

test('who asks for a pause is left alone for it', async () => {
  const asking = new UnreachableError('429', { details: { retryAfterSeconds: 0.3 } });
  const begun = performance.now();
  await wait({ looks: [asking, details('RUNNING')] });
  expect(performance.now() - begun).toBeGreaterThan(290);
});

test('a timeout is a failure that says how to go on', async () => {
  const failing = wait({ looks: [details('PENDING')], timeoutMs: 20 });
  await expect(failing).rejects.toMatchObject({
    exitCode: 5,
    code: 'timeout',
    hint: expect.stringMatching(/bai session wait demo.*bai session terminate demo/),
    details: { id: session.id },
  });
});

test('Ctrl-C ends the wait with 130 and says how to go on', async () => {
  const interrupt = new AbortController();
  const failing = wait({ looks: [details('PENDING')], signal: interrupt.signal, pollMs: 3_600_000 });
  setImmediate(() => interrupt.abort());
  await expect(failing).rejects.toMatchObject({
    exitCode: 130,
    hint: expect.stringMatching(/bai session wait demo.*bai session terminate demo/),
  });
});

test('a session that vanished is not found', async () => {
  await expect(wait({ looks: [details('PENDING'), undefined] })).rejects.toMatchObject({ exitCode: 4 });
});

test('a word of tomorrow is on its way', async () => {
  expect((await wait({ looks: [details('HIBERNATING'), details('RUNNING_DEGRADED')] })).looks).toBe(2);
});
