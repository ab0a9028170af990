/** What would be created, after everything that can be is checked; nothing is. */

import type { CreatePlan } from '../../core/session/creation.ts';
import { requireFeature } from '../../core/session/features.ts';
import type { CreateRequest } from '../../core/session/provider.ts';
import type { SessionTools } from './session-tools.ts';

export async function planSession(
  session: CreateRequest,
  { provider, reporter, signal }: SessionTools,
): Promise<CreatePlan> {
  const plan = requireFeature(provider, 'plan');
  const busy = reporter.busy('checking');
  try {
    return await plan(session, { signal });
  } finally {
    busy.stop();
  }
}
