/** Whether a session offers an app, before anything listens for it. */

import { requireFeature } from '../../core/session/features.ts';
import type { ServicePort, SessionRef } from '../../core/session/session.ts';
import { NotFoundError } from '../../errors.ts';
import type { SessionTools } from './session-tools.ts';

export async function checkApp(
  session: SessionRef,
  app: string,
  { provider, signal }: Pick<SessionTools, 'provider' | 'signal'>,
): Promise<ServicePort> {
  const apps = await requireFeature(provider, 'apps').list(session, signal);
  const found = apps.find((each) => each.name === app);
  if (found) return found;
  const names = apps.map((each) => each.name).join(', ');
  throw new NotFoundError(`session ${session.name} has no app ${app}`, {
    code: 'app-not-found',
    hint: names === '' ? 'it offers none at all; it may still be starting' : `it offers: ${names}`,
    details: { app, apps: apps.map((each) => each.name) },
  });
}
