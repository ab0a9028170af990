/** `bai session logs`: what a session has printed, and with --follow what it goes on to print. */

import { setTimeout as delay } from 'node:timers/promises';
import { requireFeature } from '../../core/session/features.ts';
import { advance, beforeAll, type LogPlace, type LogStep, lastLines } from '../../core/session/log-tail.ts';
import type { Provider } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { BaiError, DeniedError, mayPass } from '../../errors.ts';
import { resolveAnySession } from './resolve-session.ts';
import { isLive } from './session-end.ts';
import type { SessionTools } from './session-tools.ts';
import { askedPauseMs } from './wait-session.ts';

interface LogsRequest {
  readonly session: string;
  /** Only so many of the lines that are there; all when left out. */
  readonly tail?: number | undefined;
}

interface LogTools extends SessionTools {
  /** Milliseconds between two looks: the first ones, and the most. */
  readonly pauseMs?: Pauses;
}

interface Pauses {
  readonly first: number;
  readonly most: number;
}

/** Also of ended sessions, by name too: the newest of that name. */
export async function sessionLogs({ session, tail }: LogsRequest, tools: SessionTools): Promise<string> {
  const logs = requireFeature(tools.provider, 'logs');
  const text = await logs(await resolveAnySession(session, tools), tools.signal);
  return tail === undefined ? text : lastLines(text, tail);
}

/** Resolves when the session has ended and all was printed; rejects when the signal comes. */
export async function followLogs(request: LogsRequest, tools: LogTools): Promise<void> {
  requireFeature(tools.provider, 'logs');
  const session = await resolveAnySession(request.session, tools);
  const shown = new ShownLog(session, request.tail, tools);
  const pauses = pausesOf(tools);
  let pauseMs = pauses.first;
  let { status }: { status: string | undefined } = session;
  for (let missedAtEnd = 0; ; ) {
    const look = await lookAt(session, status, tools);
    status = look.status;
    const isNew = shown.take(look);
    if (look.isOver) {
      if (look.text !== '') return shown.end(status);
      missedAtEnd += 1;
      if (missedAtEnd === looksAfterEnd) return shown.end(status, look.failure);
      pauseMs = pauses.first;
    } else pauseMs = isNew ? pauses.first : Math.min(pauses.most, pauseMs * 1.5);
    const askedMs = look.failure === undefined ? 0 : askedPauseMs(look.failure);
    await delay(Math.max(pauseMs, askedMs), undefined, { signal: tools.signal });
  }
}

/** The log of a container is saved about the time at which its session has ended, and may not be there at once. */
const looksAfterEnd = 4;

function pausesOf({ pauseMs, provider }: LogTools): Pauses {
  const { first, most } = pauseMs ?? { first: 1_000, most: 5_000 };
  const least = provider.pollMs ?? 0;
  return { first: Math.max(first, least), most: Math.max(most, least) };
}

interface Look {
  /** The last that is known; nothing when the session is not there any more. */
  readonly status: string | undefined;
  readonly isOver: boolean;
  /** Empty as well when it could not be read. */
  readonly text: string;
  readonly failure?: BaiError;
  /** Nobody said what has become of the session. */
  readonly isAway?: boolean;
}

/** The state first: what is read after an end is all there is. */
async function lookAt(session: SessionRef, before: string | undefined, tools: SessionTools): Promise<Look> {
  const { provider, signal } = tools;
  let status = before;
  let isAway = true;
  const state = () => ({ status, isOver: isOver(status, provider) });
  try {
    status = (await provider.describe(session.id, signal))?.status;
    isAway = false;
    return { ...state(), text: await requireFeature(provider, 'logs')(session, signal) };
  } catch (failure) {
    if (!(failure instanceof BaiError) || failure instanceof DeniedError || signal.aborted) throw failure;
    return { ...state(), text: '', failure, isAway };
  }
}

function isOver(status: string | undefined, provider: Provider): boolean {
  return status === undefined || !isLive(status, provider) || provider.phaseOf(status) === 'failed';
}

/** What a reader has seen of the log, and was told about it. */
class ShownLog {
  readonly #session: SessionRef;
  readonly #tail: number | undefined;
  readonly #tools: SessionTools;
  #place: LogPlace = beforeAll;
  #hasBegun = false;
  #isAtLineStart = true;
  #isAway = false;
  #hasSaidLater = false;
  #hasSaidCut = false;
  #refusals = 0;

  constructor(session: SessionRef, tail: number | undefined, tools: SessionTools) {
    this.#session = session;
    this.#tail = tail;
    this.#tools = tools;
  }

  /** Whether there was something new. */
  take(look: Look): boolean {
    const { text, failure, isOver: isLast } = look;
    if (failure !== undefined) this.#missed(look, failure);
    else this.#answered();
    if (text === '') return false;
    const { place, fresh, gap } = advance(this.#place, text, isLast);
    this.#place = place;
    this.#tellGap(gap);
    const shown = this.#hasBegun || this.#tail === undefined ? fresh : lastLines(fresh, this.#tail);
    this.#hasBegun = true;
    if (shown !== '') this.#print(shown);
    return fresh !== '';
  }

  /** Throws the reason when nothing could be read at all. */
  end(status: string | undefined, failure?: BaiError): void {
    const { reporter } = this.#tools;
    if (failure !== undefined && !this.#hasBegun) throw failure;
    if (!this.#isAtLineStart && !reporter.json) reporter.text('\n');
    if (failure !== undefined) reporter.warn(`the end of the log is missing: ${failure.message}`);
    reporter.info(`session ${this.#session.name} has ended${status === undefined ? '' : ` (${status})`}`);
  }

  #print(text: string): void {
    this.#tools.reporter.text(text);
    this.#isAtLineStart = text.endsWith('\n');
  }

  /** A session that does not run yet has no log, one that ends may have none any more, and a manager may be away for a while. */
  #missed({ status = '', isOver: isLast, isAway }: Look, failure: BaiError): void {
    const phase = this.#tools.provider.phaseOf(status);
    if (isAway === true || (phase === 'ready' && mayPass(failure))) {
      this.#away(failure);
      return;
    }
    this.#refusals += 1;
    if (phase === 'starting' && !this.#hasSaidLater) {
      this.#hasSaidLater = true;
      this.#tools.reporter.info(`session ${this.#session.name} is ${status}: its log begins later`);
    }
    // The next look tells whether it was on its way out.
    if (phase === 'ready' && !isLast && this.#refusals === mostRefusals) throw failure;
  }

  #away(failure: BaiError): void {
    if (!mayPass(failure)) throw failure;
    if (!this.#isAway) this.#tools.reporter.warn(`${failure.message}; looking again`);
    this.#isAway = true;
  }

  #answered(): void {
    if (this.#isAway) this.#tools.reporter.info('there is an answer again');
    this.#isAway = false;
    this.#refusals = 0;
  }

  #tellGap(gap: LogStep['gap']): void {
    const { reporter } = this.#tools;
    if (gap === 'lost')
      reporter.warn('lines may be missing here: the log has lost its beginning since the last look');
    if (gap === 'cut' && !this.#hasSaidCut)
      reporter.info('the log is so long that it loses its beginning; what is new is all here');
    this.#hasSaidCut ||= gap === 'cut';
  }
}

const mostRefusals = 5;
