/** The small jobs on sessions: info, rename, extend, wait. */

import { requireFeature } from '../../core/session/features.ts';
import type { ExtendedSession } from '../../core/session/provider.ts';
import type { SessionDetails, SessionRef } from '../../core/session/session.ts';
import { NotFoundError, UsageError } from '../../errors.ts';
import { renewIdleTime } from './renew-idle-time.ts';
import { resolveAnySession, resolveLiveSession } from './resolve-session.ts';
import type { SessionTools } from './session-tools.ts';
import { watchSession } from './wait-session.ts';

export async function sessionInfo(reference: string, tools: SessionTools): Promise<SessionDetails> {
  const session = await resolveAnySession(reference, tools);
  const details = await tools.provider.describe(session.id, tools.signal);
  if (details) return details;
  throw new NotFoundError(`session ${reference} is no longer there`, { code: 'session-not-found' });
}

interface RenameRequest {
  readonly session: string;
  readonly name: string;
}

export async function renameSession(
  { session: reference, name }: RenameRequest,
  tools: SessionTools,
): Promise<SessionRef> {
  const rename = requireFeature(tools.provider, 'rename');
  const problem = tools.provider.listing.nameProblem(name);
  if (problem) throw new UsageError(`"${name}" is not a valid session name`, { hint: problem });
  const session = await resolveLiveSession(reference, tools);
  await rename(session, name, tools.signal);
  return { ...session, name };
}

interface ExtendRequest {
  readonly session: string;
  /** Nothing: as long as it may be idle. */
  readonly byMs: number | undefined;
}

export async function extendSession(
  { session: reference, byMs }: ExtendRequest,
  tools: SessionTools,
): Promise<SessionRef & ExtendedSession> {
  if (byMs === undefined) return await renewIdleTime(reference, tools);
  const extend = requireFeature(tools.provider, 'extend');
  const session = await resolveLiveSession(reference, tools);
  return { ...session, ...(await extend(session, byMs, tools.signal)) };
}

interface WaitForRequest {
  readonly session: string;
  readonly timeoutMs?: number | undefined;
}

export async function waitForRunning(request: WaitForRequest, tools: SessionTools): Promise<SessionDetails> {
  const session = await resolveAnySession(request.session, tools);
  return watchSession({ session, timeoutMs: request.timeoutMs }, tools);
}
