/** `bai forward list`, `stop`, `logs` and `open`. */

import { setTimeout as delay } from 'node:timers/promises';
import type { ForwardEnd } from '../../core/forward/background.ts';
import type { ForwardFacts, ForwardListener, ForwardState } from '../../core/forward/status.ts';
import { lastLines } from '../../core/session/log-tail.ts';
import { startStopwatch } from '../../core/time-limit.ts';
import { ConflictError, NotFoundError, UnreachableError } from '../../errors.ts';
import { openInBrowser, urlOf, webListener } from './browse.ts';
import type { ForwardStore, ForwardsTools } from './forward-store.ts';
import { choose, type KnownForward, knownForwards } from './known-forwards.ts';

/** As `--json` has it. */
export interface ListedForward extends ForwardFacts {
  readonly state: ForwardState;
  readonly reason?: string;
  readonly startedAt: string;
  /** Of one that answers: connections now, and so far. */
  readonly connections?: number;
  readonly totalConnections?: number;
  readonly pid: number;
  readonly log: string;
  readonly endedAt?: string;
  /** Of the error that it ended with. */
  readonly code?: string;
}

export async function listForwards({ store }: ForwardsTools): Promise<readonly ListedForward[]> {
  return (await knownForwards(store)).map((known) => listed(known, store));
}

function listed({ record, state, reason, status }: KnownForward, store: ForwardStore): ListedForward {
  const { id, name, session, listeners, startedAt, owner, ended } = record;
  return {
    ...{ id, name, session, listeners, state, startedAt, pid: owner.pid, log: store.logPath(id) },
    ...(reason !== undefined && { reason }),
    ...(status !== undefined && { connections: status.connections, totalConnections: status.total }),
    ...(ended !== undefined && endOf(ended)),
  };
}

function endOf({ at, code }: ForwardEnd): Pick<ListedForward, 'endedAt' | 'code'> {
  return { endedAt: at, ...(code !== undefined && { code }) };
}

interface StopRequest {
  readonly names: readonly string[];
  readonly all: boolean;
}

/** Those that have been ended; what was over already is no longer told of. */
export async function stopForwards(
  { names, all }: StopRequest,
  tools: ForwardsTools,
): Promise<readonly ForwardFacts[]> {
  const known = await knownForwards(tools.store);
  const chosen = all
    ? known.filter(({ state }) => state !== 'elsewhere')
    : names.flatMap((name) => meant(known, name));
  const stopped: ForwardFacts[] = [];
  for (const each of new Set(chosen)) {
    await stop(each, tools);
    const { id, name, session, listeners } = each.record;
    stopped.push({ id, name, session, listeners });
  }
  return stopped;
}

function meant(known: readonly KnownForward[], wanted: string): readonly KnownForward[] {
  const chosen = choose(known, wanted);
  if (chosen.length > 0) return chosen;
  const names = known.map(({ record }) => record.name);
  throw new NotFoundError(`there is no forward named ${wanted}`, {
    code: 'forward-not-found',
    hint: names.length === 0 ? 'none runs in the background' : `there are: ${names.join(', ')}`,
  });
}

const stopLimitMs = 5_000;
const killLimitMs = 2_000;
const lookEveryMs = 30;

/** Asked first, then told, then killed: when this returns its ports are closed. */
async function stop({ record, state }: KnownForward, { store, signal }: ForwardsTools): Promise<void> {
  if (state === 'elsewhere') {
    throw new ConflictError(`forward ${record.name} runs on ${record.owner.host}`, {
      code: 'forward-elsewhere',
      hint: 'run the same command there',
    });
  }
  if (state !== 'ended') {
    const gone = (ms: number): Promise<boolean> => untilGone(record, { store, signal }, ms);
    const isAsked = state !== 'silent' && typeof (await store.ask(record, 'stop')) === 'object';
    if (!(isAsked && (await gone(stopLimitMs)))) {
      // Only one that is known to be the same: the number may be another program's.
      for (const name of ['SIGTERM', 'SIGKILL'] as const) {
        if ((await store.processState(record)) !== 'alive') break;
        store.kill(record, name);
        if (await gone(killLimitMs)) break;
      }
    }
    if ((await store.processState(record)) === 'alive') {
      throw new UnreachableError(`the process of forward ${record.name} (${record.owner.pid}) does not end`, {
        hint: `kill -9 ${record.owner.pid}`,
      });
    }
  }
  await store.remove(record);
}

async function untilGone(
  record: KnownForward['record'],
  { store, signal }: Pick<ForwardsTools, 'store' | 'signal'>,
  ms: number,
): Promise<boolean> {
  using watch = startStopwatch();
  while (watch.elapsedMs < ms) {
    const state = await store.processState(record);
    if (state === 'gone' || (state === 'unsure' && (await store.ask(record, 'status')) === undefined))
      return true;
    await delay(lookEveryMs, undefined, { signal });
  }
  return false;
}

/** The one that is meant: the newest of several. */
async function only(wanted: string, { store }: ForwardsTools): Promise<KnownForward> {
  const [newest] = meant(await knownForwards(store), wanted).slice(-1);
  if (newest === undefined) throw new TypeError('there is at least one');
  return newest;
}

interface LogsRequest {
  readonly name: string;
  readonly tail: number | undefined;
  readonly follow: boolean;
}

const followEveryMs = 300;

/** Following ends with the forward. */
export async function forwardLogs({ name, tail, follow }: LogsRequest, tools: ForwardsTools): Promise<void> {
  const { store, reporter, signal } = tools;
  const { record } = await only(name, tools);
  let read = await store.readLog(record.id, 0);
  const text = read?.text ?? '';
  reporter.text(tail === undefined ? text : lastLines(text, tail));
  while (follow && read !== undefined) {
    const state = await store.processState(record);
    read = await store.readLog(record.id, read.end);
    if (read?.text) reporter.text(read.text);
    if (state === 'gone') return;
    await delay(followEveryMs, undefined, { signal });
  }
}

interface OpenRequest {
  readonly name: string;
  /** An app or port of it; the first for a browser when left out. */
  readonly app: string | undefined;
  readonly printOnly: boolean;
}

interface OpenedForward {
  readonly name: string;
  readonly listener: ForwardListener;
  readonly url: string;
  readonly openedWith?: string;
}

export async function openForward(
  { name, app, printOnly }: OpenRequest,
  tools: ForwardsTools,
): Promise<OpenedForward> {
  const { record, reason } = await only(name, tools);
  const answer = record.ended === undefined ? await tools.store.ask(record, 'status') : undefined;
  if (typeof answer !== 'object' || answer.kind !== 'status') {
    throw new NotFoundError(`forward ${record.name} does not run: ${reason ?? 'it does not answer'}`, {
      code: 'forward-ended',
      hint: `\`bai forward ${record.session.name} … --background\` starts it again`,
    });
  }
  const listener = webListener({ name: record.name, listeners: answer.listeners }, app);
  const openedWith = printOnly ? undefined : await openInBrowser(listener, record, tools);
  return {
    name: record.name,
    listener,
    url: urlOf(listener),
    ...(openedWith !== undefined && { openedWith }),
  };
}
