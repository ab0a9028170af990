/** What each wish means in this session: an app of it, or a port that its SSH server reaches. */

import { type ForwardWish, type PortWish, sessionHost } from '../../core/forward/wishes.ts';
import { requireFeature } from '../../core/session/features.ts';
import { noSuchApp } from '../../core/session/no-such-app.ts';
import type { ServicePort, SessionRef } from '../../core/session/session.ts';
import { sshApp } from '../../core/ssh/forwarder.ts';
import { UsageError } from '../../errors.ts';
import type { SessionTools } from '../session/session-tools.ts';

export interface PlannedForward {
  readonly wish: ForwardWish;
  /** Of the session; nothing for a port that no app has. */
  readonly app?: ServicePort;
}

const sshd: ServicePort = { name: sshApp, protocol: 'tcp', ports: [] };

export interface ForwardPlan {
  readonly forwards: readonly PlannedForward[];
  /** Apps that were not asked for. */
  readonly others: readonly string[];
}

export async function planForwards(
  wishes: readonly ForwardWish[],
  session: SessionRef,
  { provider, signal }: Pick<SessionTools, 'provider' | 'signal'>,
): Promise<ForwardPlan> {
  const needsApps = wishes.some((wish) => wish.kind === 'app' && wish.app !== sshApp);
  if (needsApps) requireFeature(provider, 'apps');
  const apps = (await provider.apps?.list(session, signal)) ?? [sshd];
  const forwards = wishes.map((wish): PlannedForward => {
    const app = appOf(wish, apps);
    if (app === undefined && wish.kind === 'app')
      throw noSuchApp(session, wish.app, { offered: apps.map(({ name }) => name) });
    return app === undefined ? { wish } : { wish, app };
  });
  const asked = new Set(forwards.map(({ app }) => app?.name));
  return { forwards, others: apps.map(({ name }) => name).filter((name) => !asked.has(name)) };
}

function appOf(wish: ForwardWish, apps: readonly ServicePort[]): ServicePort | undefined {
  if (wish.kind === 'app') return apps.find(({ name }) => name === wish.app);
  return wish.kind === 'port' && isOwn(wish)
    ? apps.find(({ ports }) => ports.includes(wish.port))
    : undefined;
}

function isOwn({ host }: PortWish): boolean {
  return host === sessionHost;
}

/** Whether anything goes through an SSH connection of bai's own. */
export function needsLine({ forwards }: ForwardPlan): boolean {
  return forwards.some(({ wish, app }) => wish.kind === 'port' && app === undefined);
}

/** Those that a browser can show. A port that no app has may speak anything. */
export function speaksHttp({ protocol }: ServicePort): boolean {
  return protocol === 'http' || protocol === 'preopen';
}

export function checkOpens(plan: ForwardPlan): void {
  if (plan.forwards.some(({ wish, app }) => wish.kind === 'port' || (app !== undefined && speaksHttp(app))))
    return;
  const hint = plan.others.length > 0 ? { hint: `the session offers: ${plan.others.join(', ')}` } : {};
  throw new UsageError('--open is for web apps and ports, and none of these is one', hint);
}
