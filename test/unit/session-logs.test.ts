/** `session logs --follow`: looks again and again, to the end of the session, and over times without an answer. */

import { expect, test } from 'vitest';
import type { Reporter } from '../../src/core/reporter.ts';
import type { SessionDetails } from '../../src/core/session/session.ts';
import { DeniedError, NotFoundError, UnreachableError } from '../../src/errors.ts';
import { followLogs } from '../../src/services/session/session-logs.ts';
import { providerWith } from '../support/provider.ts';

const session = { id: '2f1c9b5e-7d0a-4b63-9a51-0f6d2c1e8b77', name: 'demo' };
const gone = new NotFoundError('there is no log');
const away = new UnreachableError('nobody answers');

/** What one look finds: the state, and the log. The last one is repeated. */
type Look = readonly [status: string | Error | undefined, text: string | Error];

interface Followed {
  readonly printed: string;
  readonly told: readonly string[];
  readonly looks: number;
  readonly failure: unknown;
}

async function follow(looks: readonly Look[], tail?: number, signal?: AbortSignal): Promise<Followed> {
  let [printed, at] = ['', -1];
  const told: string[] = [];
  const look = (): Look => looks[Math.min(at, looks.length - 1)] ?? ['RUNNING', ''];
  const provider = providerWith({
    find: async () => [{ ...session, status: 'PENDING' }],
    async describe() {
      at += 1;
      const [status] = look();
      if (status instanceof Error) throw status;
      return status === undefined ? undefined : ({ ...session, status } as SessionDetails);
    },
    async logs() {
      const [, text] = look();
      if (text instanceof Error) throw text;
      return text;
    },
  });
  const reporter = {
    text: (text: string) => {
      printed += text;
    },
    info: (text: string) => void told.push(text),
    warn: (text: string) => void told.push(`warning: ${text}`),
  } as unknown as Reporter;
  const tools = { provider, reporter, signal: signal ?? new AbortController().signal };
  const end = followLogs({ session: 'demo', tail }, { ...tools, pauseMs: { first: 1, most: 2 } });
  const failure = await end.then(
    () => undefined,
    (error: unknown) => error,
  );
  return { printed, told, looks: at + 1, failure };
}

test('prints what is new, to the last look after the end', async () => {
  const { printed, told, failure } = await follow([
    ['RUNNING', 'one\n'],
    ['RUNNING', 'one\n'],
    ['RUNNING', 'one\ntwo\n'],
    ['TERMINATED', 'one\ntwo\nthree'],
  ]);
  expect([printed, failure]).toEqual(['one\ntwo\nthree\n', undefined]);
  expect(told).toEqual(['session demo has ended (TERMINATED)']);
});

test('of what is there already only so many lines', async () => {
  const looks: Look[] = [
    ['RUNNING', 'one\ntwo\n'],
    ['TERMINATED', 'one\ntwo\nthree\nfour\n'],
  ];
  expect((await follow(looks, 1)).printed).toBe('two\nthree\nfour\n');
  expect((await follow(looks, 0)).printed).toBe('three\nfour\n');
});

test('a session that does not run yet has no log, and that is said once', async () => {
  const { printed, told } = await follow([
    ['PENDING', gone],
    ['SCHEDULED', gone],
    ['RUNNING', 'one\n'],
    ['TERMINATED', 'one\n'],
  ]);
  expect(printed).toBe('one\n');
  expect(told).toEqual([
    'session demo is PENDING: its log begins later',
    'session demo has ended (TERMINATED)',
  ]);
});

test('a log that is saved some time after the end is waited for', async () => {
  const { printed, looks, failure } = await follow([
    ['RUNNING', 'one\n'],
    ['TERMINATING', gone],
    ['TERMINATED', gone],
    ['TERMINATED', ''],
    ['TERMINATED', 'one\ntwo\n'],
  ]);
  expect([printed, looks, failure]).toEqual(['one\ntwo\n', 5, undefined]);
});

test('a log that does not come after the end is missed, and no failure', async () => {
  const { printed, told, failure } = await follow([
    ['RUNNING', 'one\n'],
    ['TERMINATED', gone],
  ]);
  expect([printed, failure]).toEqual(['one\n', undefined]);
  expect(told).toContain('warning: the end of the log is missing: there is no log');
});

test('a session that never ran has no log: that is the failure', async () => {
  expect((await follow([['CANCELLED', gone]])).failure).toBe(gone);
});

test('an empty log is one', async () => {
  expect(await follow([['TERMINATED', '']])).toMatchObject({ printed: '', failure: undefined });
});

test('a session that is not there any more has ended', async () => {
  expect(
    await follow([
      ['RUNNING', 'one\n'],
      [undefined, 'one\n'],
    ]),
  ).toMatchObject({
    told: ['session demo has ended'],
    failure: undefined,
  });
});

test('a platform that is away is waited for, and both is said', async () => {
  const { printed, told, failure } = await follow([
    ['RUNNING', 'one\n'],
    [away, ''],
    ['RUNNING', away],
    [away, ''],
    ['RUNNING', 'one\ntwo\n'],
    ['TERMINATED', 'one\ntwo\n'],
  ]);
  expect([printed, failure]).toEqual(['one\ntwo\n', undefined]);
  expect(told).toEqual([
    'warning: nobody answers; looking again',
    'there is an answer again',
    'session demo has ended (TERMINATED)',
  ]);
});

test('a refusal ends it, and so does a log that a running session does not have', async () => {
  const denied = new DeniedError('not for you');
  expect(
    (
      await follow([
        ['RUNNING', 'one\n'],
        ['RUNNING', denied],
      ])
    ).failure,
  ).toBe(denied);
  expect((await follow([['RUNNING', gone]])).failure).toBe(gone);
});

test('a log that loses its beginning goes on, and what may be missing is said', async () => {
  const line = (number: number): string => `line ${number} ${'.'.repeat(60)}\n`;
  const { printed, told } = await follow([
    ['RUNNING', line(1) + line(2)],
    ['RUNNING', line(2) + line(3)],
    ['RUNNING', line(8)],
    ['TERMINATED', line(8)],
  ]);
  expect(printed).toBe(line(1) + line(2) + line(3) + line(8));
  expect(told).toEqual([
    'the log is so long that it loses its beginning; what is new is all here',
    'warning: lines may be missing here: the log has lost its beginning since the last look',
    'session demo has ended (TERMINATED)',
  ]);
});

test('the signal ends it between two looks', async () => {
  const stop = new AbortController();
  const end = follow([['RUNNING', 'one\n']], undefined, stop.signal);
  stop.abort(new Error('Ctrl-C'));
  expect((await end).failure).toBeInstanceOf(Error);
});
