/** `session list --watch`: what is shown of a list that changes, and of a platform that is away for a while. */

import { expect, test } from 'vitest';
import type { LocalOutput } from '../../src/core/local-streams.ts';
import type { SessionSummary } from '../../src/core/session/session.ts';
import { DeniedError, UnreachableError } from '../../src/errors.ts';
import { createReporter } from '../../src/output/reporter.ts';
import { watchSessions } from '../../src/services/session/watch-sessions.ts';
import { providerWith } from '../support/provider.ts';

const away = new UnreachableError('nobody answers');
const all = { columns: undefined, allUsers: false, wide: false };

function session(name: string, status = 'RUNNING'): SessionSummary {
  const more = { image: 'python', nodes: 1, type: 'interactive', resources: {}, accessKey: 'AK' };
  return { id: `${name}-id`, name, status, createdAt: '', ...more } as SessionSummary;
}

interface Screen {
  readonly terminal?: { readonly columns: number; readonly rows: number };
  readonly json?: boolean;
}

/** The looks, one after the other, then Ctrl-C. */
async function watch(
  looks: readonly (readonly SessionSummary[] | Error)[],
  { terminal, json = false }: Screen,
) {
  const stop = new AbortController();
  const written = { stdout: '', stderr: '' };
  const streamOf = (name: keyof typeof written): LocalOutput =>
    ({
      ...(terminal && { isTTY: true, ...terminal }),
      write: (text: string) => {
        written[name] += text;
      },
    }) as unknown as LocalOutput;
  const reporter = createReporter({
    ...{ stdout: streamOf('stdout'), stderr: streamOf('stderr'), environment: {}, json, events: false },
    ...{ quiet: false, color: false, spin: undefined },
  });
  let at = 0;
  const provider = providerWith({
    async list() {
      const look = looks[at];
      at += 1;
      if (look === undefined) {
        stop.abort(new Error('Ctrl-C'));
        throw stop.signal.reason;
      }
      if (look instanceof Error) throw look;
      return look;
    },
  });
  const request = { filter: { statuses: 'live', owner: 'own' }, fields: [], sort: [], table: all } as const;
  const failure: unknown = await watchSessions(request, {
    ...{ provider, reporter, signal: stop.signal, pollMs: 1 },
  }).catch((error: unknown) => error);
  return { ...written, failure };
}

test('in a pipe: a line for each change, and what is said of a platform that is away', async () => {
  const { stdout, stderr } = await watch(
    [[session('a'), session('b')], [session('a')], away, away, [session('a', 'TERMINATING'), session('c')]],
    {},
  );
  const words = stdout.split('\n').map((line) => line.split('\t').slice(0, 3).join(' '));
  expect(words).toEqual([
    'added a RUNNING',
    'added b RUNNING',
    'removed b RUNNING',
    'changed a TERMINATING',
    'added c RUNNING',
    '',
  ]);
  expect(stderr).toBe('warning: nobody answers; looking again\nthere is an answer again\n');
});

test('with --json: an object a line', async () => {
  const { stdout, stderr } = await watch([[session('a')], away, [session('a', 'ERROR')]], { json: true });
  const [first = '', second = '', rest] = stdout.split('\n');
  expect([JSON.parse(first), JSON.parse(second), rest]).toEqual([
    { event: 'added', session: session('a') },
    { event: 'changed', session: session('a', 'ERROR') },
    '',
  ]);
  expect(JSON.parse(stderr)).toEqual({ warning: 'nobody answers; looking again' });
});

test('on a terminal the table is drawn in place, in one write each, and the note below it', async () => {
  const { stdout, stderr } = await watch([[session('a')], away, []], {
    terminal: { columns: 80, rows: 24 },
  });
  const [before = '', second = '', third = ''] = stdout.replaceAll('\u001b', 'ESC').split('\r');
  expect(before).toMatch(/^NAME +STATUS[^\n]*ESC\[K\na +RUNNING[^\n]*ESC\[KESC\[J$/);
  expect(second).toMatch(/^ESC\[1ANAME[^\n]*\na [^\n]*\nlooking again: nobody answersESC\[KESC\[J$/);
  expect(third).toBe('ESC[2Ano sessionsESC[KESC[J\n');
  expect(stderr).toBe('');
});

test('a list that is longer than the terminal says how many more there are', async () => {
  const many = Array.from({ length: 30 }, (_, at) => session(`s${at}`));
  const { stdout } = await watch([many], { terminal: { columns: 80, rows: 10 } });
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(9);
  expect(lines.at(-1)).toContain('… 23 more');
});

test('a first look that fails is a failure, and so is a refusal later on', async () => {
  const denied = new DeniedError('not for you');
  expect((await watch([away], {})).failure).toBe(away);
  expect((await watch([[], denied], {})).failure).toBe(denied);
});
