/** Finds a session and makes sure that it runs: the first step of everything that goes inside one. */

import type { SessionRef } from '../../core/session/session.ts';
import { NotFoundError } from '../../errors.ts';
import { resolveLiveSession } from './resolve-session.ts';
import { logsHint } from './session-end.ts';
import type { SessionTools } from './session-tools.ts';
import { watchSession } from './wait-session.ts';
import { whileBusy } from './while-busy.ts';

/** A batch session that did its work is no failure, but nobody can go inside. */
function endedMeanwhile({ name, id, status }: SessionRef, { provider }: SessionTools): NotFoundError {
  const what = provider.phaseOf(status) === 'ending' ? 'is ending' : 'has ended';
  return new NotFoundError(`session ${name} ${what} (${status})`, {
    code: 'session-ended',
    ...logsHint(id, provider),
    details: { id, status },
  });
}

/** A session that is still starting is waited for, its states shown; one that failed, has ended or is ending throws. */
export async function openRunningSession(reference: string, tools: SessionTools): Promise<SessionRef> {
  const session = await whileBusy(
    `looking for session ${reference}`,
    resolveLiveSession(reference, tools),
    tools,
  );
  const phase = tools.provider.phaseOf(session.status);
  if (phase === 'ready') return session;
  // Managers from 25.13 end sessions later: this one has not failed to start.
  if (phase === 'ending' || phase === 'ended') throw endedMeanwhile(session, tools);
  const running = await watchSession({ session }, tools);
  if (tools.provider.phaseOf(running.status) !== 'ready') throw endedMeanwhile(running, tools);
  return { ...session, status: running.status };
}
