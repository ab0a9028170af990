/** From what a user typed to one session. */

import { expect, test } from 'vitest';
import type { Provider } from '../../src/core/session/provider.ts';
import type { SessionRef, SessionSummary } from '../../src/core/session/session.ts';
import { resolveAnySession, resolveLiveSession } from '../../src/services/session/resolve-session.ts';
import { providerWith } from '../support/provider.ts';

const signal = new AbortController().signal;
const ref = (id: string, status: string): SessionRef => ({ id, name: 'demo', status });

function deps(matches: readonly SessionRef[], names: readonly string[] = []) {
  const summaries = names.map((name) => ({ name }) as SessionSummary); // Only names are looked at.
  const create: Provider['create'] = () => Promise.reject(new Error('nobody creates'));
  const logs = async (): Promise<string> => '';
  const calls = { find: async () => matches, list: async () => summaries, create, logs };
  return { signal, provider: providerWith(calls) };
}

test('the live session wins over newer ended ones', async () => {
  const matches = [ref('c', 'TERMINATED'), ref('b', 'RUNNING'), ref('a', 'CANCELLED')];
  expect(await resolveLiveSession('demo', deps(matches))).toMatchObject({ id: 'b' });
  expect(await resolveAnySession('demo', deps(matches))).toMatchObject({ id: 'b' });
});

test('a session in ERROR still holds its name', async () => {
  expect(await resolveLiveSession('demo', deps([ref('a', 'ERROR')]))).toMatchObject({ id: 'a' });
});

test('of ended sessions the newest is meant', async () => {
  const matches = [ref('b', 'TERMINATED'), ref('a', 'TERMINATED')];
  expect(await resolveAnySession('demo', deps(matches))).toMatchObject({ id: 'b' });
});

test('an ended session is told from a wrong name', async () => {
  const failing = resolveLiveSession('demo', deps([ref('a', 'CANCELLED')]));
  await expect(failing).rejects.toMatchObject({
    code: 'session-ended',
    exitCode: 4,
    message: expect.stringContaining('CANCELLED'),
    details: { id: 'a', status: 'CANCELLED' },
  });
});

test.each([
  ['a similar name is asked about', ['train-01', 'other'], 'did you mean train-01?'],
  ['otherwise the names there are', ['zzz', 'yyy'], 'your sessions: zzz, yyy'],
  ['without any, how to make one', [], 'bai session create'],
])('for a wrong name: %s', async (_what, names, hint) => {
  await expect(resolveLiveSession('trian-01', deps([], names))).rejects.toMatchObject({
    code: 'session-not-found',
    exitCode: 4,
    hint: expect.stringContaining(hint),
  });
});

test('a long list of names is cut', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `other-session-${index}`);
  await expect(resolveAnySession('x', deps([], names))).rejects.toMatchObject({
    hint: expect.stringMatching(/other-session-9, …$/),
  });
});

test('however much a platform tells of it, what is meant is an id, a name and a state', async () => {
  const summary = { ...ref('a', 'RUNNING'), createdAt: '2026-12-01T00:00:00Z', image: 'python' };
  expect(await resolveLiveSession('demo', deps([summary]))).toEqual(ref('a', 'RUNNING'));
});
