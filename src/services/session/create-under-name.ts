/** Creates a session whose name one that is on its way out may still hold: managers from 25.13 end sessions later. */

import { setTimeout as delay } from 'node:timers/promises';
import { isLive, type SessionRef, waitVerdict } from '../../core/session/session.ts';
import type { CreatedSession, CreateRequest } from '../../core/session/session-api.ts';
import { startStopwatch } from '../../core/time-limit.ts';
import { BaiError, ConflictError, mayPass } from '../../errors.ts';
import type { SessionDeps } from './session-deps.ts';

const lookEveryMs = 1_000;
/** A session whose machine is gone may hang there for good. */
const patienceMs = 120_000;

/** One that ends is neither used again nor in the way: it is waited for. */
export async function createUnderName(request: CreateRequest, deps: SessionDeps): Promise<CreatedSession> {
  const made = await createOrHolder(request, deps);
  if ('created' in made && !isEnding(made)) return made;
  await untilGone(made, deps);
  return deps.api.create(request, deps.signal);
}

function isEnding({ status }: SessionRef): boolean {
  return waitVerdict(status) === 'TERMINATED';
}

/** The session, or the ending one that the manager says has the name. */
async function createOrHolder(
  request: CreateRequest,
  { api, signal }: SessionDeps,
): Promise<CreatedSession | SessionRef> {
  try {
    return await api.create(request, signal);
  } catch (error) {
    if (!(error instanceof BaiError) || error.code !== 'session-exists') throw error;
    const holder = (await api.match(request.name, signal)).find(({ status }) => isLive(status));
    if (holder === undefined || !isEnding(holder)) throw error;
    return holder;
  }
}

async function untilGone({ id, name }: SessionRef, { api, reporter, signal }: SessionDeps): Promise<void> {
  const step = reporter.step(`${name}: the one of that name is still ending`);
  using waited = startStopwatch();
  try {
    for (;;) {
      const status = await statusOf(id, { api, signal });
      if (status === undefined || !isLive(status)) break;
      if (waited.elapsedMs > patienceMs) throw stillThere(name, status);
      await delay(lookEveryMs, undefined, { signal });
    }
    step.done(`${name}: the one of that name has ended`);
  } catch (error) {
    step.fail();
    throw error;
  }
}

/** Nothing when it is gone. A manager that is away for a moment has not ended it. */
async function statusOf(
  id: string,
  { api, signal }: Pick<SessionDeps, 'api' | 'signal'>,
): Promise<string | undefined> {
  try {
    return (await api.describe(id, signal))?.status;
  } catch (error) {
    if (!mayPass(error) || signal.aborted) throw error;
    return 'TERMINATING';
  }
}

function stillThere(name: string, status: string): ConflictError {
  return new ConflictError(
    `session ${name} has not ended in ${patienceMs / 1000} s (${status}), and still has the name`,
    {
      code: 'session-exists',
      hint: `\`bai session terminate --forced ${name}\` ends one that hangs; or choose another --name`,
    },
  );
}
