/** Waits until a session runs: its events, and its state asked for every few seconds beside them. */

import type { Step } from '../../core/reporter.ts';
import type { Provider, SessionPhase } from '../../core/session/provider.ts';
import type { SessionDetails, SessionEvent, SessionRef } from '../../core/session/session.ts';
import { typed } from '../../core/text/typed.ts';
import { countDown } from '../../core/time-limit.ts';
import {
  type BaiError,
  type ErrorFacts,
  InterruptedError,
  interruptedBy,
  mayPass,
  NotFoundError,
  RetoldError,
  SessionEndedError,
  TimeoutError,
} from '../../errors.ts';
import { endOfPhase } from './session-end.ts';
import type { SessionTools } from './session-tools.ts';

interface WaitRequest {
  readonly session: SessionRef;
  /** Milliseconds; nothing is no limit. */
  readonly timeoutMs?: number | undefined;
  /** How much of it is over already. */
  readonly elapsedMs?: number;
}

interface WaitTools {
  readonly provider: Provider;
  readonly step: Step;
  readonly signal: AbortSignal;
  /** Milliseconds between two looks when no event comes. */
  readonly pollMs?: number;
  /** How long the manager may be away before it is given up. */
  readonly patienceMs?: number;
}

/** Waits with each state shown, on one line that stays. */
export async function watchSession(request: WaitRequest, tools: SessionTools): Promise<SessionDetails> {
  const { session } = request;
  const step = tools.reporter.step(`${session.name}: ${session.status}`);
  try {
    const details = await waitForSession(request, { ...tools, step });
    step.done();
    return details;
  } catch (error) {
    step.fail();
    throw error;
  }
}

/** Throws a SessionEndedError, or a TimeoutError after which the session goes on by itself. */
export async function waitForSession(
  { session, timeoutMs, elapsedMs = 0 }: WaitRequest,
  tools: WaitTools,
): Promise<SessionDetails> {
  const stop = new AbortController();
  const signal = AbortSignal.any([tools.signal, stop.signal]);
  using _limit =
    timeoutMs === undefined
      ? undefined
      : countDown(Math.max(0, timeoutMs - elapsedMs), () => stop.abort(timeoutOf(session, timeoutMs)));
  const bell = createBell(signal);
  // The stream first, then a look: an event in between would be missed, for there is no replay.
  const events = ringOnEvents(tools, session, { bell, signal });
  events.catch(() => {});
  try {
    return await lookUntilReady(session, { ...tools, signal }, bell);
  } catch (error) {
    throw stop.signal.aborted
      ? stop.signal.reason
      : tools.signal.aborted
        ? interrupted(session, tools.signal)
        : error;
  } finally {
    stop.abort();
    await events;
  }
}

async function lookUntilReady(session: SessionRef, tools: WaitTools, bell: Bell): Promise<SessionDetails> {
  let shown = '';
  for (;;) {
    const details = await lookPatiently(session, tools, bell);
    if (details === undefined) throw gone(session);
    const line = describeState(details, bell.lastReason(), tools);
    const phase = phaseOf(details, tools);
    if (line !== shown) tools.step.update(line);
    if (phase === 'ready' || phase === 'done') return details;
    const end = endOfPhase(phase);
    if (end !== undefined) {
      throw new SessionEndedError(
        end,
        `session ${details.name} ${whatHappened(phase, shown !== '')}: ${line}`,
        {
          hint: `${showMore(details.id, tools)} more`,
          details: { id: details.id, status: details.status, reason: reasonOf(details, tools) },
        },
      );
    }
    shown = line;
    await bell.wait(pollMsOf(tools));
  }
}

/** Who was seen starting did not start; a session that was on its way out before may have run for days. */
function whatHappened(phase: SessionPhase, wasStarting: boolean): string {
  if (wasStarting || (phase !== 'ending' && phase !== 'ended')) return 'did not start';
  return phase === 'ending' ? 'is ending' : 'has ended';
}

function phaseOf(details: SessionDetails, { provider }: WaitTools): SessionPhase | 'done' {
  return provider.waitPhase?.(details) ?? provider.phaseOf(details.status);
}

function showMore(id: string, { provider }: WaitTools): string {
  const info = `\`bai session info ${id}\``;
  return provider.logs === undefined ? `${info} shows` : `${info} and \`bai session logs ${id}\` show`;
}

/** A manager that is away for a moment does not end the wait: the session goes on without it. */
async function lookPatiently(
  session: SessionRef,
  tools: WaitTools,
  bell: Bell,
): Promise<SessionDetails | undefined> {
  const begun = performance.now();
  for (;;) {
    try {
      return await tools.provider.describe(session.id, tools.signal);
    } catch (error) {
      if (!mayPass(error) || tools.signal.aborted) throw error;
      const waitedMs = performance.now() - begun;
      if (waitedMs > (tools.patienceMs ?? defaultPatienceMs)) throw lostSight(session, error);
      tools.step.update(`${session.name}: ${error.message}; looking again`);
      await bell.wait(Math.max(pollMsOf(tools), askedPauseMs(error)));
    }
  }
}

/** A platform may let an account ask only so often. */
function pollMsOf({ pollMs, provider }: WaitTools): number {
  return pollMs ?? provider.pollMs ?? 2_000;
}

/** Longer than a manager needs to be started anew. */
const defaultPatienceMs = 120_000;
/** Who asks for more is asked again all the same: the user's own limit and Ctrl-C hold. */
const longestPauseMs = 300_000;

/** How long a server that has refused for a while wants to be left alone. */
export function askedPauseMs({ details }: BaiError): number {
  const seconds = details['retryAfterSeconds'];
  return typeof seconds === 'number' ? Math.min(seconds * 1000, longestPauseMs) : 0;
}

/** The failure itself, with what became of the session. */
function lostSight(session: SessionRef, error: BaiError): BaiError {
  return new RetoldError(error, `${error.message}; session ${session.name} was still starting`, {
    hint: `it is still starting: \`${typed(['bai', 'session', 'wait', session.name])}\` keeps waiting`,
    details: { ...error.details, id: session.id },
  });
}

/** `PREPARING: the reason`, or the bare state when there is none. */
function describeState(details: SessionDetails, eventReason: string, tools: WaitTools): string {
  const reason = reasonOf(details, tools) || eventReason;
  return `${details.name}: ${details.status}${reason === '' ? '' : ` (${reason})`}`;
}

/** Why the session is in its state. */
function reasonOf(details: SessionDetails, { provider }: WaitTools): string {
  return provider.listing.reasonOf(details);
}

interface Bell {
  ring(event: SessionEvent): void;
  /** Until the bell rang since the last wait, the time is over, or the signal ended everything. */
  wait(ms: number): Promise<void>;
  lastReason(): string;
}

function createBell(signal: AbortSignal): Bell {
  let rung = false;
  let reason = '';
  let wake = (): void => {};
  return {
    ring(event) {
      rung = true;
      reason = event.reason;
      wake();
    },
    async wait(ms) {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal.addEventListener('abort', wake, { once: true });
        });
        signal.removeEventListener('abort', wake);
      }
      rung = false;
      signal.throwIfAborted();
    },
    lastReason: () => reason,
  };
}

interface Ringing {
  readonly bell: Bell;
  readonly signal: AbortSignal;
}

/** Events only make the next look come sooner, so a manager without them, or a broken stream, does not end the wait. */
async function ringOnEvents(
  { provider }: WaitTools,
  session: SessionRef,
  { bell, signal }: Ringing,
): Promise<void> {
  try {
    if (provider.events === undefined) return;
    for await (const event of provider.events(session, signal)) bell.ring(event);
  } catch (error) {
    // A stream that breaks throws the system's error; anything without a code is a mistake of ours.
    if (!signal.aborted && !(error instanceof Error && 'code' in error)) throw error;
  }
}

function timeoutOf(session: SessionRef, timeoutMs: number): TimeoutError {
  return new TimeoutError(
    `session ${session.name} was not running after ${timeoutMs / 1000} s`,
    goesOn(session),
  );
}

function interrupted(session: SessionRef, signal: AbortSignal): InterruptedError {
  const message = `interrupted while session ${session.name} was starting`;
  return new InterruptedError(message, goesOn(session), interruptedBy(signal).exitCode);
}

/** Whoever stops waiting leaves the session as it is. */
function goesOn({ id, name }: SessionRef): ErrorFacts {
  return {
    hint: `it is still starting: \`${typed(['bai', 'session', 'wait', name])}\` keeps waiting, \`${typed(['bai', 'session', 'terminate', name])}\` ends it`,
    details: { id },
  };
}

function gone(session: SessionRef): NotFoundError {
  return new NotFoundError(`session ${session.name} is no longer there`, {
    code: 'session-not-found',
    hint: '`bai session list --all` shows ended ones too',
  });
}
