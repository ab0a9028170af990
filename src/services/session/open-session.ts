/** Finds a session and makes sure that it runs: the first step of everything that goes inside one. */

import { type SessionRef, waitVerdict } from '../../core/session/session.ts';
import { NotFoundError } from '../../errors.ts';
import { resolveLiveSession } from './resolve-session.ts';
import type { SessionDeps } from './session-deps.ts';
import { watchSession } from './wait-session.ts';
import { whileBusy } from './while-busy.ts';

/** A batch session that did its work is no failure, but nobody can go inside. */
function endedMeanwhile({ name, id, status }: SessionRef): NotFoundError {
  const what = status === 'TERMINATING' ? 'is ending' : 'has ended';
  return new NotFoundError(`session ${name} ${what} (${status})`, {
    code: 'session-ended',
    hint: `\`bai session logs ${id}\` shows its output`,
    details: { id, status },
  });
}

/** A session that is still starting is waited for, its states shown; one that failed, has ended or is ending throws. */
export async function openRunningSession(reference: string, deps: SessionDeps): Promise<SessionRef> {
  const session = await whileBusy(
    `looking for session ${reference}`,
    resolveLiveSession(reference, deps),
    deps,
  );
  if (waitVerdict(session.status) === 'ready') return session;
  // Managers from 25.13 end sessions later: this one has not failed to start.
  if (waitVerdict(session.status) === 'TERMINATED') throw endedMeanwhile(session);
  const running = await watchSession({ session }, deps);
  if (waitVerdict(running.status) !== 'ready') throw endedMeanwhile(running);
  return { ...session, status: running.status };
}
