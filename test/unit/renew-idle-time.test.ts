/** `session extend` without a time: what is said of what the platform tells after the session was used. */

import { expect, test } from 'vitest';
import type { Reporter } from '../../src/core/reporter.ts';
import type { Provider } from '../../src/core/session/provider.ts';
import type { ExpectedEnd, SessionDetails } from '../../src/core/session/session.ts';
import { DeniedError, UnreachableError } from '../../src/errors.ts';
import { renewIdleTime } from '../../src/services/session/renew-idle-time.ts';
import { providerWith } from '../support/provider.ts';

const demo = { id: '2f1c9b5e-7d0a-4b63-9a51-0f6d2c1e8b77', name: 'demo', status: 'RUNNING' };

/** So many seconds after some day began. */
const idle = (seconds: number): ExpectedEnd => ({
  endsAt: new Date(Date.UTC(2030, 0, 1) + seconds * 1_000).toISOString(),
  endsBecause: 'idle',
});

/** The looks, one after the other; the last one again and again. */
async function renew(looks: readonly (Partial<ExpectedEnd> | Error)[], calls: Partial<Provider> = {}) {
  const said: string[] = [];
  let used = 0;
  let at = 0;
  const provider = providerWith({
    find: async () => [demo],
    async describe() {
      const look = looks[Math.min(at, looks.length - 1)] ?? {};
      at += 1;
      if (look instanceof Error) throw look;
      return { ...demo, createdAt: '', statusInfo: '', ...look } satisfies SessionDetails;
    },
    async use() {
      used += 1;
    },
    ...calls,
  });
  const say = (text?: string): void => void (text !== undefined && said.push(text));
  const reporter = {
    step: () => ({ update: () => {}, done: say, fail: say }),
  } as unknown as Reporter;
  const signal = new AbortController().signal;
  const outcome = await renewIdleTime('demo', {
    ...{ provider, reporter, signal, ask: undefined, pollMs: 1, patienceMs: looks.length > 5 ? 600_000 : 20 },
  }).catch((error: unknown) => error);
  return { outcome, said, used };
}

test('the later end is told once the platform tells it, also when it was away meanwhile', async () => {
  const away = new UnreachableError('nobody answers');
  const looks = [idle(0), idle(0), away, idle(14), idle(600), idle(600)];
  const { outcome, said, used } = await renew(looks);
  expect(outcome).toMatchObject({ ...demo, expiresAt: idle(600).endsAt });
  expect([said, used]).toEqual([['demo: its idle time begins anew'], 1]);
});

test('while somebody else is connected there is no end to be told', async () => {
  expect((await renew([idle(0), {}])).outcome).toMatchObject({ name: 'demo', expiresAt: '' });
});

test('a session that nothing is known to end is used all the same', async () => {
  const { outcome, used } = await renew([{}]);
  expect(outcome).toMatchObject({ expiresAt: '' });
  expect(used).toBe(1);
});

test('an end that comes for another reason then is told', async () => {
  const lifetime = { endsAt: idle(30).endsAt, endsBecause: 'lifetime' } as const;
  const looks = [idle(0), lifetime, lifetime, lifetime, lifetime, lifetime];
  expect((await renew(looks)).outcome).toMatchObject({ expiresAt: lifetime.endsAt });
});

test.each(['lifetime', 'underuse', 'time-limit'] as const)(
  'a session that ends for its %s is not used: it would not help',
  async (endsBecause) => {
    const { outcome, used } = await renew([{ endsAt: idle(0).endsAt, endsBecause }]);
    expect(outcome).toMatchObject({ code: 'not-extended', exitCode: 1, details: { endsBecause } });
    expect(used).toBe(0);
  },
);

test('where connections do not count it is said that nothing came of it', async () => {
  const { outcome, used } = await renew([idle(0), idle(1), idle(13)]);
  expect(outcome).toMatchObject({ code: 'not-extended', message: expect.stringContaining('still ends at') });
  expect(used).toBe(1);
});

test('a refusal ends it at once', async () => {
  const denied = new DeniedError('not for you');
  expect((await renew([idle(0), denied])).outcome).toBe(denied);
});

test('a platform with times of its own wants one', async () => {
  const none = { use: undefined } as unknown as Partial<Provider>;
  const timed = { ...none, extend: async () => ({ expiresAt: '' }) };
  expect((await renew([{}], timed)).outcome).toMatchObject({ code: 'usage' });
  expect((await renew([{}], none)).outcome).toMatchObject({ code: 'unsupported' });
});
