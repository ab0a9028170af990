/** Notices that a session has ended while something is held open to it. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Provider, SessionPhase } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { limitTime } from '../../core/time-limit.ts';
import { BaiError, type SessionEnd, SessionEndedError } from '../../errors.ts';

interface SessionEndTools {
  readonly provider: Provider;
  readonly signal: AbortSignal;
  /** Milliseconds between two looks when nothing gives a reason for one. */
  readonly pollMs?: number;
}

export interface EndWatch extends Disposable {
  /** Rejects with a SessionEndedError when the session has ended; never resolves, and needs no catch. */
  readonly ended: Promise<never>;
  /** Asks the manager whether it has. False as well when the manager does not say. */
  check(): Promise<boolean>;
  /** Something has ended that may have ended with the session: asks now, or soon when it was asked not long ago. */
  suspect(): void;
}

/** An event stream may end, or fall silent for good, and nobody is told; a look costs the manager little. */
const usualPollMs = 60_000;
const firstLookMs = 5_000;
const suspicionMs = 15_000;
/** Longer each time, where a manager has no events or hangs up on whoever wants to hear them. */
const reopenMs = { first: 5_000, most: 300_000 };

/** From the call on, until it is disposed of. */
export function watchForEnd(session: SessionRef, tools: SessionEndTools): EndWatch {
  return new Watch(session, tools);
}

class Watch implements EndWatch {
  readonly ended: Promise<never>;
  readonly #session: SessionRef;
  readonly #tools: SessionEndTools;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #end: (error: unknown) => void = () => {};
  #asking: Promise<Found> | undefined;
  #askedAt = 0;
  #soon: NodeJS.Timeout | undefined;

  constructor(session: SessionRef, tools: SessionEndTools) {
    this.#session = session;
    this.#tools = tools;
    this.#signal = AbortSignal.any([tools.signal, this.#stop.signal]);
    this.ended = new Promise((_, reject) => {
      this.#end = reject;
    });
    this.ended.catch(() => this.#stop.abort());
    const { events } = tools.provider;
    for (const watching of [events && this.#followEvents(events), this.#poll()])
      watching?.catch((error: unknown) => {
        if (!this.#signal.aborted) this.#end(error);
      });
  }

  async check(): Promise<boolean> {
    return (await this.#look()) instanceof SessionEndedError;
  }

  suspect(): void {
    const wait = this.#askedAt + suspicionMs - performance.now();
    this.#soon ??= setTimeout(
      () => {
        this.#soon = undefined;
        if (!this.#signal.aborted) void this.check();
      },
      Math.max(0, wait),
    );
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    clearTimeout(this.#soon);
  }

  #look(): Promise<Found> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<Found> {
    this.#askedAt = performance.now();
    const found = await lookFor(this.#session, { ...this.#tools, signal: this.#signal });
    if (found instanceof SessionEndedError) this.#end(found);
    return found;
  }

  async #followEvents(events: NonNullable<Provider['events']>): Promise<void> {
    for (let wait = reopenMs.first; ; wait = Math.min(wait * 2, reopenMs.most)) {
      try {
        for await (const { event, reason } of events(this.#session, this.#signal)) {
          wait = reopenMs.first;
          const found = await this.#look();
          // A manager that ends with its sessions answers no more.
          if (found === 'unknown') this.#endBy(event, reason);
        }
      } catch (error) {
        // A stream that breaks throws the system's error; anything without a code is a mistake of ours.
        if (this.#signal.aborted || !(error instanceof Error && 'code' in error)) throw error;
      }
      await delay(wait, undefined, { signal: this.#signal });
    }
  }

  #endBy(event: string, statusInfo: string): void {
    const status = event.replace('session_', '').toUpperCase();
    const end = endOf(this.#session, { status, statusInfo }, this.#tools.provider);
    if (end !== undefined) this.#end(end);
  }

  async #poll(): Promise<void> {
    const { pollMs = usualPollMs } = this.#tools;
    // Events that came before the stream was open are not told again.
    let wait = Math.min(pollMs, firstLookMs);
    do {
      await delay(wait, undefined, { signal: this.#signal });
      wait = pollMs;
    } while (!(await this.check()));
  }
}

const answerLimitMs = 5_000;
const lookAgainMs = 300;

/** How the session has ended, as the manager says it; nothing when it still is there, or when the manager does not say in time. */
export async function findEnd(session: SessionRef, tools: LookTools): Promise<SessionEndedError | undefined> {
  const found = await lookFor(session, tools);
  return found instanceof SessionEndedError ? found : undefined;
}

type LookTools = Pick<SessionEndTools, 'provider' | 'signal'>;

/** `unknown`: the manager does not say. */
type Found = SessionEndedError | 'there' | 'unknown';

async function lookFor(session: SessionRef, { provider, signal }: LookTools): Promise<Found> {
  using limit = limitTime(signal, answerLimitMs);
  let ending: Found = 'unknown';
  try {
    for (;;) {
      const found = await provider.describe(session.id, limit.signal);
      ending = endOf(session, found, provider) ?? 'there';
      if (found === undefined || provider.phaseOf(found.status) !== 'ending') return ending;
      // It says why when it has ended.
      await delay(lookAgainMs, undefined, { signal: limit.signal });
    }
  } catch (error) {
    if (limit.signal.aborted || error instanceof BaiError) return ending;
    throw error;
  }
}

/** Of a session that the manager does not know any more there is nothing else to say. */
function endOf(
  { id, name }: SessionRef,
  found: { readonly name?: string; readonly status: string; readonly statusInfo: string } | undefined,
  provider: Provider,
): SessionEndedError | undefined {
  const end = endOfPhase(found === undefined ? 'ended' : provider.phaseOf(found.status));
  if (end === undefined) return undefined;
  const reason = found?.statusInfo ? ` (${found.statusInfo})` : '';
  // One that was never looked up is known by its id alone.
  const called = name === id ? (found?.name ?? name) : name;
  return new SessionEndedError(end, `session ${called} has ended${reason}`, {
    ...afterEnd(id, provider),
    details: { id, status: found?.status ?? end },
  });
}

/** Nothing while it runs or may yet run. */
export function endOfPhase(phase: SessionPhase): SessionEnd | undefined {
  switch (phase) {
    case 'failed':
      return 'ERROR';
    case 'cancelled':
      return 'CANCELLED';
    case 'ending':
    case 'ended':
      return 'TERMINATED';
    default:
      return undefined;
  }
}

/** Whether it still holds its name (a failed one does). */
export function isLive(status: string, { phaseOf }: Pick<Provider, 'phaseOf'>): boolean {
  return !['ended', 'cancelled'].includes(phaseOf(status));
}

/** What to do about one that has ended. */
export function afterEnd(id: string, provider: Pick<Provider, 'logs' | 'create'>): { hint?: string } {
  const { hint } = logsHint(id, provider);
  const again = provider.create && '`bai session create` makes a new one';
  const hints = [hint, again].filter((each) => each !== undefined);
  return hints.length === 0 ? {} : { hint: hints.join('; ') };
}

/** Where its output can still be read. */
export function logsHint(id: string, { logs }: Pick<Provider, 'logs'>): { hint?: string } {
  return logs === undefined ? {} : { hint: `\`bai session logs ${id}\` shows its output` };
}
