/** `bai session terminate`: each session on its own, so that one that cannot be ended leaves no other to go on costing. */

import { requireFeature } from '../../core/session/features.ts';
import type { TerminateOptions } from '../../core/session/provider.ts';
import { type SessionRef, shortId } from '../../core/session/session.ts';
import { BaiError, ExitCode, InterruptedError, NotFoundError, UnreachableError } from '../../errors.ts';
import { resolveAnySession } from './resolve-session.ts';
import { isLive } from './session-end.ts';
import type { SessionTools } from './session-tools.ts';

interface TerminateRequest extends TerminateOptions {
  readonly sessions: readonly string[];
  /** Nobody is asked. */
  readonly yes: boolean;
}

interface EndedSession {
  readonly id: string;
  readonly name: string;
  /** Where nothing was left to do. */
  readonly hadEnded?: true;
}

interface TerminateResult {
  readonly sessions: readonly EndedSession[];
  /** That of the first failure; each has been told. */
  readonly status: number;
}

/** Asks first where somebody can be asked. What has ended already, or is about to, is no failure. */
export async function terminateSessions(
  request: TerminateRequest,
  tools: SessionTools,
): Promise<TerminateResult> {
  requireFeature(tools.provider, 'terminate');
  const work: Work = { request, tools, found: new Map(), ended: [], status: ExitCode.ok };
  for (const reference of request.sessions) {
    await onItsOwn(work, async () => {
      const session = await resolveAnySession(reference, tools);
      work.found.set(session.id, session);
    });
  }
  const wanted = [...work.found.values()];
  await askFirst(wanted.filter(needsEnding(request, tools)), request, tools);
  for (const session of wanted) await onItsOwn(work, () => end(session, work));
  return { sessions: work.ended, status: work.status };
}

interface Work {
  readonly request: TerminateRequest;
  readonly tools: SessionTools;
  /** By id: a session that is named twice is ended once. */
  readonly found: Map<string, SessionRef>;
  readonly ended: EndedSession[];
  status: number;
}

/**
 * Without others there is nothing that could go on, and the failure is the command's; so is that of a manager that is gone
 * before anything was ended.
 */
async function onItsOwn(work: Work, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    const isAlone = work.request.sessions.length === 1;
    const isGone = error instanceof UnreachableError && work.ended.length === 0;
    if (!(error instanceof BaiError) || error instanceof InterruptedError || isAlone || isGone) throw error;
    const status = work.tools.reporter.failure(error);
    if (work.status === ExitCode.ok) work.status = status;
  }
}

const needsEnding =
  ({ forced }: TerminateOptions, { provider }: SessionTools) =>
  ({ status }: SessionRef): boolean =>
    isLive(status, provider) && (forced || provider.phaseOf(status) !== 'ending');

async function askFirst(
  sessions: readonly SessionRef[],
  { yes, recursive }: TerminateRequest,
  { ask }: SessionTools,
): Promise<void> {
  if (yes || ask === undefined || sessions.length === 0) return;
  const named = sessions.map(({ name, id, status }) => `${name} (${shortId(id)}, ${status})`).join(', ');
  const what = `${sessions.length === 1 ? 'session' : `${sessions.length} sessions:`} ${named}`;
  const more = recursive ? ' and what depends on it' : '';
  if (await ask(`end ${what}${more}? Files outside of mounts are lost`)) return;
  throw new BaiError('nothing was ended', {
    code: 'not-confirmed',
    hint: '--yes ends sessions without a question',
  });
}

async function end(session: SessionRef, { request, tools, ended }: Work): Promise<void> {
  const { id, name, status } = session;
  if (needsEnding(request, tools)(session) && (await terminate(session, request, tools))) {
    tools.reporter.info(`terminating ${name}`);
    ended.push({ id, name });
    return;
  }
  tools.reporter.info(
    `session ${name} ${tools.provider.phaseOf(status) === 'ending' ? 'is ending' : 'has ended'} already`,
  );
  ended.push({ id, name, hadEnded: true });
}

/** False when it has ended since it was looked up. */
async function terminate(
  session: SessionRef,
  options: TerminateOptions,
  tools: SessionTools,
): Promise<boolean> {
  try {
    await requireFeature(tools.provider, 'terminate')(session, options, tools.signal);
    return true;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    const now = await tools.provider.describe(session.id, tools.signal);
    if (now === undefined || isLive(now.status, tools.provider)) throw error;
    return false;
  }
}
