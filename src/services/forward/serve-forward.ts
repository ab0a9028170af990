/** `bai forward --background`: the process that goes on. It says once what has become of it, and then writes a log. */

import { setTimeout as delay } from 'node:timers/promises';
import {
  type BackgroundAnswer,
  type ForwardEnd,
  type ForwardRecord,
  freeName,
  withoutSecret,
} from '../../core/forward/background.ts';
import type { ForwardFacts } from '../../core/forward/status.ts';
import { wishText } from '../../core/forward/wishes.ts';
import type { Reporter } from '../../core/reporter.ts';
import { BaiError } from '../../errors.ts';
import { type ForwardRequest, type PreparedForward, prepareForward, untilOver } from './forward-here.ts';
import type { ForwardStore } from './forward-store.ts';
import type { ForwardTools, ForwardVoice } from './forward-tools.ts';
import { knownForwards } from './known-forwards.ts';
import { type OpenForwards, openForwards } from './open-forwards.ts';

/** `tell` is called once. Rejects with what kept the ports from being opened, and when it ends for a reason of its own. */
export async function serveForward(
  request: ForwardRequest,
  terminalTools: ForwardTools,
  { store, tell }: { readonly store: ForwardStore; readonly tell: (answer: BackgroundAnswer) => void },
): Promise<void> {
  using log = store.openLog(request.id);
  const voice: ForwardVoice = { news: log.line, trouble: log.line };
  const tools = { ...terminalTools, reporter: logReporter(terminalTools.reporter, voice) };
  let record: ForwardRecord | undefined;
  try {
    const prepared = await prepareForward(request, tools);
    const claimed = await claim(request, prepared, { store, signal: tools.signal });
    if (claimed.kind === 'already') return tell(claimed);
    record = claimed.record;
    await using open = await openForwards({ ...prepared, idleMs: request.idleMs, voice }, tools);
    await goOn({ record, open, others: prepared.plan.others }, tools, { store, tell, voice });
  } catch (error) {
    if (record !== undefined) await store.remove(record);
    tell({ kind: 'failed', error: plain(error) });
    throw error;
  }
}

interface Going {
  readonly record: ForwardRecord;
  readonly open: OpenForwards;
  readonly others: readonly string[];
}

interface Surroundings {
  readonly store: ForwardStore;
  readonly tell: (answer: BackgroundAnswer) => void;
  readonly voice: ForwardVoice;
}

async function goOn(
  { record: claimed, open, others }: Going,
  { signal }: ForwardTools,
  { store, tell, voice }: Surroundings,
): Promise<void> {
  const { listeners } = open;
  const stop = new AbortController();
  const control = await store.controlAddress(claimed.id);
  await store.removeSocket(control);
  await using _served = await store.serve(control, (asked) => {
    if (asked === 'status') return { kind: 'status', status: open.status(), listeners };
    stop.abort();
    return { kind: 'stopping' };
  });
  const record = { ...claimed, control, listeners: listeners.map(withoutSecret) };
  await store.write(record);
  const { id, name, session } = record;
  const facts: ForwardFacts = { id, name, session, listeners };
  for (const { spec, host, port } of listeners) voice.news(`${spec}: ${host}:${port}`);
  tell({ kind: 'started', facts, others });
  using _known = endWithRecord(id, store, stop);
  const end = await endOf(open, AbortSignal.any([signal, stop.signal]));
  voice.news(end === undefined ? 'stopped' : `ended: ${end.reason}`);
  // Who has stopped it needs not be told of it.
  if (end === undefined && stop.signal.aborted) await store.remove(record);
  else
    await store.write({
      ...record,
      ended: end ?? { at: new Date().toISOString(), reason: endedBySignal },
    });
}

/** By whom is not known here. */
export const endedBySignal = 'it was ended by a signal';

const lookMs = 30_000;

/** Somebody may have taken bai's folder away, and nobody would find this process any more. */
function endWithRecord(id: string, store: ForwardStore, stop: AbortController): Disposable {
  const look = async (): Promise<void> => {
    const records = await store.records();
    if (!records.some((record) => record.id === id)) stop.abort();
  };
  // What cannot be read now can be read the next time.
  const timer = setInterval(() => void look().catch(() => {}), lookMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Nothing when it was told to end. */
async function endOf(open: OpenForwards, signal: AbortSignal): Promise<ForwardEnd | undefined> {
  const at = (): string => new Date().toISOString();
  try {
    const reason = await untilOver(open, signal);
    return reason === undefined ? undefined : { at: at(), reason };
  } catch (error) {
    const { message: reason, code } = plain(error);
    return { at: at(), reason, code };
  }
}

type Claimed =
  | { readonly kind: 'claimed'; readonly record: ForwardRecord }
  | (BackgroundAnswer & { kind: 'already' });

const lookAgainMs = 100;

/** Never two for the same ports of a session: one that is about to open them is waited for. */
async function claim(
  request: ForwardRequest,
  prepared: PreparedForward,
  { store, signal }: { readonly store: ForwardStore; readonly signal: AbortSignal },
): Promise<Claimed> {
  for (;;) {
    const claimed = await store.alone(() => claimNow(request, prepared, store));
    if (claimed !== undefined) return claimed;
    await delay(lookAgainMs, undefined, { signal });
  }
}

/** Nothing while another one has not come so far. */
async function claimNow(
  { id, wishes }: ForwardRequest,
  { session, plan }: PreparedForward,
  store: ForwardStore,
): Promise<Claimed | undefined> {
  const specs = wishes.map(wishText).sort();
  const live = (await knownForwards(store)).filter(({ state }) => state !== 'ended');
  const same = live.find(({ record }) => record.session.id === session.id && isSame(record.specs, specs));
  if (same !== undefined) {
    if (same.record.control === '') return undefined;
    const answer = await store.ask(same.record, 'status');
    const isAnswer = typeof answer === 'object' && answer.kind === 'status';
    const listeners = isAnswer ? answer.listeners : same.record.listeners;
    return { kind: 'already', facts: { ...factsOf(same.record), listeners }, others: plan.others };
  }
  const name = freeName(session.name, new Set(live.map(({ record }) => record.name)));
  const [owner, startedAt] = [await store.owner(), new Date().toISOString()];
  const record: ForwardRecord = { id, name, session, specs, owner, startedAt, control: '', listeners: [] };
  await store.write(record);
  return { kind: 'claimed', record };
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each, at) => each === other[at]);
}

function factsOf({ id, name, session, listeners }: ForwardRecord): ForwardFacts {
  return { id, name, session, listeners };
}

function plain(error: unknown): Extract<BackgroundAnswer, { kind: 'failed' }>['error'] {
  if (!(error instanceof BaiError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { message, code: 'bug', exitCode: 70, details: {} };
  }
  const { message, code, exitCode, hint, details } = error;
  return { message, code, exitCode, details, ...(hint !== undefined && { hint }) };
}

/** Nobody watches. */
function logReporter(reporter: Reporter, { news, trouble }: ForwardVoice): Reporter {
  return { ...reporter, interactive: false, info: news, warn: trouble };
}
