/** `bai forward SESSION …` in the foreground. */

import type { ForwardFacts } from '../../core/forward/status.ts';
import type { ForwardWish } from '../../core/forward/wishes.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { lookForEnd } from '../session/look-for-end.ts';
import { openRunningSession } from '../session/open-session.ts';
import { openInBrowser, webListener } from './browse.ts';
import type { ForwardTools, ForwardVoice } from './forward-tools.ts';
import { type OpenForwards, openForwards } from './open-forwards.ts';
import { checkOpens, type ForwardPlan, planForwards } from './plan-forwards.ts';

export interface ForwardRequest {
  readonly session: string;
  readonly wishes: readonly ForwardWish[];
  readonly idleMs: number | undefined;
  /** In the browser. */
  readonly opens: boolean;
  readonly id: string;
}

/** What is asked for, in words of the session. */
export interface PreparedForward {
  readonly session: SessionRef;
  readonly plan: ForwardPlan;
}

export async function prepareForward(
  { session: reference, wishes, opens }: Pick<ForwardRequest, 'session' | 'wishes' | 'opens'>,
  tools: ForwardTools,
): Promise<PreparedForward> {
  const session = await openRunningSession(reference, tools);
  const plan = await planForwards(wishes, session, tools);
  if (opens) checkOpens(plan);
  return { session, plan };
}

/** Calls `onReady` when all ports listen. Ends with the signal, or when nobody has used them for long: then it returns that. */
export async function forwardHere(
  request: ForwardRequest,
  tools: ForwardTools,
  onReady: (facts: ForwardFacts, others: readonly string[]) => void,
): Promise<string | undefined> {
  const { reporter } = tools;
  const { session, plan } = await prepareForward(request, tools);
  using ends = lookForEnd(session, tools);
  void ends.known.then(
    () => ends.tell(),
    () => {},
  );
  const voice: ForwardVoice = {
    news: (message) => reporter.info(message),
    trouble: (message) => reporter.warn(message),
  };
  await using open = await openForwards({ session, plan, idleMs: request.idleMs, voice }, tools);
  const facts = { id: request.id, name: session.name, session, listeners: open.listeners };
  onReady(facts, plan.others);
  if (request.opens) void browse(facts, tools);
  return await untilOver(open, tools.signal);
}

async function browse(facts: ForwardFacts, tools: ForwardTools): Promise<void> {
  try {
    await openInBrowser(webListener(facts), facts, tools);
  } catch (error) {
    // Ctrl-C is how the ports are closed, also while something is opened.
    if (!tools.signal.aborted) tools.reporter.warn(`the browser was not opened: ${String(error)}`);
  }
}

/** Nothing when it was the signal. */
export async function untilOver({ over }: OpenForwards, signal: AbortSignal): Promise<string | undefined> {
  let stop = (): void => {};
  const stopped = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([over, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
