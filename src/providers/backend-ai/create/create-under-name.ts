/** Creates a session whose name one that is on its way out may still hold: managers from 25.13 end sessions later. */

import { setTimeout as delay } from 'node:timers/promises';
import type { SessionRef } from '../../../core/session/session.ts';
import { typed } from '../../../core/text/typed.ts';
import { startStopwatch } from '../../../core/time-limit.ts';
import { BaiError, ConflictError, mayPass } from '../../../errors.ts';
import { holdsName, phaseOf } from '../manager/states.ts';
import type { ComputeSessionRequest, CreatedComputeSession } from '../session/compute-session.ts';
import type { CreateDeps } from './create-deps.ts';

const lookEveryMs = 1_000;
/** A session whose machine is gone may hang there for good. */
const patienceMs = 120_000;

/** One that ends is neither used again nor in the way: it is waited for. */
export async function createUnderName(
  request: ComputeSessionRequest,
  deps: CreateDeps,
): Promise<CreatedComputeSession> {
  const made = await createOrHolder(request, deps);
  if ('created' in made && !isEnding(made)) return made;
  await untilGone(made, deps);
  return deps.api.create(request, deps.signal);
}

function isEnding({ status }: SessionRef): boolean {
  return phaseOf(status) === 'ending' || phaseOf(status) === 'ended';
}

/** The session, or the ending one that the manager says has the name. */
async function createOrHolder(
  request: ComputeSessionRequest,
  { api, signal }: CreateDeps,
): Promise<CreatedComputeSession | SessionRef> {
  try {
    return await api.create(request, signal);
  } catch (error) {
    if (!(error instanceof BaiError) || error.code !== 'session-exists') throw error;
    const holder = (await api.match(request.name, signal)).find(({ status }) => holdsName(status));
    if (holder === undefined || !isEnding(holder)) throw error;
    return holder;
  }
}

async function untilGone(
  { id, name }: SessionRef,
  { api, step: startStep, signal }: CreateDeps,
): Promise<void> {
  const step = startStep(`${name}: the one of that name is still ending`);
  using waited = startStopwatch();
  try {
    for (;;) {
      const status = await statusOf(id, { api, signal });
      if (status === undefined || !holdsName(status)) break;
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
  { api, signal }: Pick<CreateDeps, 'api' | 'signal'>,
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
      hint: `\`${typed(['bai', 'session', 'terminate', '--force', name])}\` ends one that hangs; or choose another --name`,
    },
  );
}
