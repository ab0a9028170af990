/** The login that calls through a web console go by: prolonged, made anew, and not brought back after a logout. */

import { expect, test } from 'vitest';
import { ConsoleLogin } from '../../src/providers/backend-ai/console/console-login.ts';

type Options = ConstructorParameters<typeof ConsoleLogin>[0];

function bed(changes: Partial<Options> = {}) {
  const told: string[] = [];
  const state = { nowMs: 0 };
  const options: Options = {
    id: 'first',
    time: { sinceMs: 0, untilMs: 100_000 },
    now: () => new Date(state.nowMs),
    calls: {
      check: async () => false,
      async extend(id) {
        told.push(`extend ${id}`);
        return new Date(state.nowMs + 100_000);
      },
      async logout(id) {
        told.push(`logout ${id}`);
      },
    },
    async renew() {
      told.push('renew');
      return { id: 'second', time: undefined };
    },
    async prolonged(id, { sinceMs, untilMs }) {
      told.push(`prolonged ${id} ${sinceMs}-${untilMs}`);
    },
    isWanted: async () => true,
    ...changes,
  };
  return { login: new ConsoleLogin(options), told, state };
}

const { signal } = new AbortController();

test('calls do not prolong a login, so one that is half over is prolonged beside them, once', async () => {
  const { login, told, state } = bed();
  state.nowMs = 49_000;
  login.headers();
  await login[Symbol.asyncDispose]();
  expect(told).toEqual([]);
  const later = bed();
  later.state.nowMs = 51_000;
  expect(later.login.headers()).toEqual({ 'X-BackendAI-SessionID': 'first' });
  later.login.headers();
  await later.login[Symbol.asyncDispose]();
  expect(later.told).toEqual(['extend first', 'prolonged first 51000-151000']);
});

test.each([
  ['one whose time is not known', { time: undefined }, 51_000],
  ['one that is over', {}, 100_000],
])('%s is not prolonged', async (_what, changes, nowMs) => {
  const { login, told, state } = bed(changes);
  state.nowMs = nowMs;
  login.headers();
  await login[Symbol.asyncDispose]();
  expect(told).toEqual([]);
});

test('calls that are refused together ask for the password once, and one that was late not at all', async () => {
  const { login, told } = bed();
  const outcomes = await Promise.all([login.renew('first', signal), login.renew('first', signal)]);
  expect(outcomes).toEqual([true, true]);
  expect(await login.renew('first', signal)).toBe(true);
  expect(told).toEqual(['renew']);
  expect(login.headers()).toEqual({ 'X-BackendAI-SessionID': 'second' });
});

test('where nobody gives the password the login stays what it was', async () => {
  const { login } = bed({ renew: async () => undefined });
  expect(await login.renew('first', signal)).toBe(false);
  expect(login.id).toBe('first');
});

test.each([
  ['tunnels, and nobody signed out', true, true, []],
  ['tunnels, and another bai signed out meanwhile', true, false, ['logout first']],
  ['no tunnel', false, false, []],
])('the end of a process that had %s', async (_what, hadTunnel, isWanted, expected) => {
  const { login, told } = bed({ isWanted: async () => isWanted });
  if (hadTunnel) login.tunnelHeaders();
  else login.headers();
  await login[Symbol.asyncDispose]();
  expect(told).toEqual(expected);
});

test('a login that its tunnels bring back after the logout is ended once more', async () => {
  let back = 2;
  const told: string[] = [];
  const calls = {
    check: async () => back-- > 0,
    extend: async () => undefined,
    logout: async (id: string) => void told.push(id),
  };
  const { login } = bed({ calls, isWanted: async () => false });
  login.tunnelHeaders();
  await login[Symbol.asyncDispose]();
  expect(told).toEqual(['first', 'first', 'first']);
});

test('a time that cannot be, of a server whose clock is wrong, is not kept', async () => {
  const calls = { check: async () => false, extend: async () => new Date(0), logout: async () => {} };
  const { login, told, state } = bed({ calls });
  state.nowMs = 51_000;
  login.headers();
  await login[Symbol.asyncDispose]();
  expect(told).toEqual([]);
});

test('a login that was made anew is prolonged in its turn', async () => {
  const renewed = { id: 'second', time: { sinceMs: 0, untilMs: 10_000 } };
  const { login, told, state } = bed({ time: undefined, renew: async () => renewed });
  await login.renew('first', signal);
  state.nowMs = 6_000;
  login.headers();
  await login[Symbol.asyncDispose]();
  expect(told).toEqual(['extend second', 'prolonged second 6000-106000']);
});
