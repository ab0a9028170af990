/** The small jobs on sessions: list, info, logs, rename, wait. */

import {
  type SessionDetails,
  type SessionRef,
  type SessionSummary,
  sessionNameProblem,
} from '../../core/session/session.ts';
import type { SessionListFilter } from '../../core/session/session-api.ts';
import { NotFoundError, UsageError } from '../../errors.ts';
import { resolveAnySession, resolveLiveSession } from './resolve-session.ts';
import type { SessionDeps } from './session-deps.ts';
import { watchSession } from './wait-session.ts';

export async function listSessions(
  filter: SessionListFilter,
  deps: SessionDeps,
): Promise<readonly SessionSummary[]> {
  const sessions = await deps.api.list(filter, deps.signal);
  if (filter.owner !== 'own' || typeof filter.statuses === 'string') return sessions;
  const wanted = new Set(filter.statuses);
  return sessions.filter((session) => wanted.has(session.status));
}

export async function sessionInfo(reference: string, deps: SessionDeps): Promise<SessionDetails> {
  const session = await resolveAnySession(reference, deps);
  const details = await deps.api.describe(session.id, deps.signal);
  if (details) return details;
  throw new NotFoundError(`session ${reference} is no longer there`, { code: 'session-not-found' });
}

/** Also of ended sessions, by name too: the newest of that name. */
export async function sessionLogs(reference: string, deps: SessionDeps): Promise<string> {
  return deps.api.logs(await resolveAnySession(reference, deps), deps.signal);
}

export interface RenameRequest {
  readonly session: string;
  readonly name: string;
}

export async function renameSession(
  { session: reference, name }: RenameRequest,
  deps: SessionDeps,
): Promise<SessionRef> {
  // Managers from 26.3 take any name, and then cannot find the session by some of them.
  const problem = sessionNameProblem(name);
  if (problem) throw new UsageError(`"${name}" cannot be a session's name`, { hint: problem });
  const session = await resolveLiveSession(reference, deps);
  await deps.api.rename(session, name, deps.signal);
  return { ...session, name };
}

export interface WaitForRequest {
  readonly session: string;
  readonly timeoutMs?: number | undefined;
}

export async function waitForRunning(request: WaitForRequest, deps: SessionDeps): Promise<SessionDetails> {
  const session = await resolveAnySession(request.session, deps);
  return watchSession({ session, timeoutMs: request.timeoutMs }, deps);
}
