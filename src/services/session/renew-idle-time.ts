/** `bai session extend` without a time: a session that is ended for being idle is used for a moment, and the platform asked what came of it. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Step } from '../../core/reporter.ts';
import { requireFeature } from '../../core/session/features.ts';
import type { ExtendedSession } from '../../core/session/provider.ts';
import type { EndReason, ExpectedEnd, SessionRef } from '../../core/session/session.ts';
import { shownTime } from '../../core/text/shown-time.ts';
import { startStopwatch } from '../../core/time-limit.ts';
import { BaiError, mayPass, UsageError } from '../../errors.ts';
import { resolveLiveSession } from './resolve-session.ts';
import type { SessionTools } from './session-tools.ts';

interface RenewTools extends SessionTools {
  /** Milliseconds between two looks, and in which something has to come of it. */
  readonly pollMs?: number;
  readonly patienceMs?: number;
}

/** Checkers look every 15 seconds, and one of them may just have done so. */
const usualPatienceMs = 40_000;
const usualPollMs = 2_000;
/** What is told of an end is up to 15 seconds old, so that one that has moved by less may not have moved at all. */
const leastMs = 20_000;

/** Throws a BaiError `not-extended` when it ends for another reason, or no later than before. */
export async function renewIdleTime(
  reference: string,
  tools: RenewTools,
): Promise<SessionRef & ExtendedSession> {
  const { provider, reporter, signal } = tools;
  const { use } = provider;
  if (use === undefined) {
    requireFeature(provider, 'extend');
    throw new UsageError('say how much more time it is to have', { hint: 'for example --time 2h' });
  }
  const session = await resolveLiveSession(reference, tools);
  const before = await endOf(session, tools);
  if (before !== undefined && before.endsBecause !== 'idle')
    throw noIdleness(session, before.endsAt, before.endsBecause);
  const step = reporter.step(`${session.name}: connecting to it`);
  try {
    await use(session, signal);
    if (before === undefined) {
      step.done(`${session.name}: was used; nothing is known that would end it`);
      return { ...session, expiresAt: '' };
    }
    const expiresAt = await laterEnd(session, before, { ...tools, step });
    step.done(`${session.name}: its idle time begins anew`);
    return { ...session, expiresAt };
  } catch (error) {
    step.fail();
    throw error;
  }
}

async function endOf({ id }: SessionRef, { provider, signal }: RenewTools): Promise<ExpectedEnd | undefined> {
  const { endsAt, endsBecause } = (await provider.describe(id, signal)) ?? {};
  return endsAt === undefined || endsBecause === undefined ? undefined : { endsAt, endsBecause };
}

/** Empty where it does not end for being idle any more. */
async function laterEnd(
  session: SessionRef,
  before: ExpectedEnd,
  tools: RenewTools & { readonly step: Step },
): Promise<string> {
  const { pollMs = usualPollMs, patienceMs = usualPatienceMs, step, signal } = tools;
  using waited = startStopwatch();
  step.update(`${session.name}: was used; waiting until the manager has looked at it`);
  for (;;) {
    const end = await endOrFailure(session, tools);
    if (end !== undefined && !(end instanceof BaiError)) {
      if (end.endsBecause !== 'idle') return end.endsAt;
      if (Date.parse(end.endsAt) - Date.parse(before.endsAt) >= leastMs) return end.endsAt;
    }
    if (waited.elapsedMs > patienceMs) {
      // While somebody is connected there is no end.
      if (end === undefined) return '';
      throw end instanceof BaiError ? end : noLater(session, end);
    }
    await delay(pollMs, undefined, { signal });
  }
}

/** A manager that is away for a moment may still have seen it. */
async function endOrFailure(
  session: SessionRef,
  tools: RenewTools,
): Promise<ExpectedEnd | BaiError | undefined> {
  try {
    return await endOf(session, tools);
  } catch (error) {
    if (!(error instanceof BaiError) || !mayPass(error) || tools.signal.aborted) throw error;
    return error;
  }
}

type OtherReason = Exclude<EndReason, 'idle'>;

const reasons: Readonly<Record<OtherReason, { readonly why: string; readonly hint: string }>> = {
  underuse: { why: 'because it does too little', hint: 'give its processors more to do' },
  lifetime: {
    why: 'when its lifetime is over',
    hint: 'an administrator sets that (max_session_lifetime of the resource policy): save what you need',
  },
  'time-limit': {
    why: 'when its time is over',
    hint: 'save what you need, and start the next one with more time',
  },
};

function noIdleness({ name, id }: SessionRef, endsAt: string, endsBecause: OtherReason): BaiError {
  const { why, hint } = reasons[endsBecause];
  return new BaiError(
    `session ${name} ends at ${shownTime(endsAt)} ${why}; that somebody uses it does not help`,
    {
      code: 'not-extended',
      hint,
      details: { id, expiresAt: endsAt, endsBecause },
    },
  );
}

function noLater({ name, id }: SessionRef, { endsAt }: ExpectedEnd): BaiError {
  return new BaiError(`session ${name} was used, and still ends at ${shownTime(endsAt)} when it stays idle`, {
    code: 'not-extended',
    hint: 'either somebody had used it a moment ago, or its manager does not count connections as use, as those up to 25.15 at least: then save what you need',
    details: { id, expiresAt: endsAt, endsBecause: 'idle' },
  });
}
