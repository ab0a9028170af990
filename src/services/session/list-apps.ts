/** `bai app list`: what a running session offers. */

import { requireFeature } from '../../core/session/features.ts';
import type { ServicePort } from '../../core/session/session.ts';
import { openRunningSession } from './open-session.ts';
import type { SessionTools } from './session-tools.ts';

export async function listApps(reference: string, tools: SessionTools): Promise<readonly ServicePort[]> {
  const apps = requireFeature(tools.provider, 'apps');
  return apps.list(await openRunningSession(reference, tools), tools.signal);
}
