/** `bai app list`: what a running session offers. */

import type { ServicePort } from '../../core/session/session.ts';
import { openRunningSession } from './open-session.ts';
import type { SessionDeps } from './session-deps.ts';

export async function listApps(reference: string, deps: SessionDeps): Promise<readonly ServicePort[]> {
  const session = await openRunningSession(reference, deps);
  return deps.api.apps(session, deps.signal);
}
