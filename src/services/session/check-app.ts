/** Whether a session offers an app, before anything listens for it. */

import type { ServicePort, SessionRef } from '../../core/session/session.ts';
import type { SessionApi } from '../../core/session/session-api.ts';
import { NotFoundError } from '../../errors.ts';

export interface CheckAppDeps {
  readonly api: Pick<SessionApi, 'apps'>;
  readonly signal: AbortSignal;
}

export async function checkApp(
  session: SessionRef,
  app: string,
  { api, signal }: CheckAppDeps,
): Promise<ServicePort> {
  const apps = await api.apps(session, signal);
  const found = apps.find((each) => each.name === app);
  if (found) return found;
  const names = apps.map((each) => each.name).join(', ');
  throw new NotFoundError(`session ${session.name} has no app ${app}`, {
    code: 'app-not-found',
    hint: names === '' ? 'it offers none at all; it may still be starting' : `it offers: ${names}`,
    details: { app, apps: apps.map((each) => each.name) },
  });
}
