/** Whether a session offers an app, before anything listens for it. */

import { requireFeature } from '../../core/session/features.ts';
import { noSuchApp } from '../../core/session/no-such-app.ts';
import type { ServicePort, SessionRef } from '../../core/session/session.ts';
import type { SessionTools } from './session-tools.ts';

export async function checkApp(
  session: SessionRef,
  app: string,
  { provider, signal }: Pick<SessionTools, 'provider' | 'signal'>,
): Promise<ServicePort> {
  const apps = await requireFeature(provider, 'apps').list(session, signal);
  const found = apps.find((each) => each.name === app);
  if (found) return found;
  throw noSuchApp(session, app, { offered: apps.map((each) => each.name) });
}
