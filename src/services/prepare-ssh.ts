/** Everything ssh needs before it starts: sshd in the session, a key on disk, a pinned host key. */

import type { SessionRef } from '../core/session.ts';
import type { Forwarder, Tunnel } from '../core/ssh-access.ts';
import type { SshTarget } from '../core/ssh-command.ts';
import { type AppDeps, hostKeyAlias } from './app-deps.ts';
import { checkApp } from './check-app.ts';
import { saveKeyBeside } from './save-key.ts';

export const sshApp = 'sshd';

export interface PreparedSsh {
  readonly session: SessionRef;
  readonly tunnel: Tunnel;
  readonly identityFile: string;
  readonly hostKeyAlias: string;
}

/** The three go on at the same time; when several fail, the one a user should mend first is thrown. */
export async function prepareSsh(session: SessionRef, deps: AppDeps): Promise<PreparedSsh> {
  const { identity } = deps.settings;
  // What the user can mend alone is said before anything is dialled.
  if (identity !== undefined) await deps.checkOwnKey(identity);
  const tunnel = deps.tunnelTo(session, sshApp);
  const app = session.node === undefined ? checkApp(session, sshApp, deps) : undefined;
  const key = identityFile(session, deps);
  const pin = pinHostKey(session, tunnel, deps);
  for (const outcome of await Promise.allSettled([app, key, pin])) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
  return { session, tunnel, identityFile: await key, hostKeyAlias: hostKeyAlias(session) };
}

async function identityFile(session: SessionRef, deps: AppDeps): Promise<string> {
  const { identity, keyPath } = deps.settings;
  if (identity !== undefined) return identity;
  const key = await deps.readKey(session, deps.signal);
  const saved = await saveKeyBeside({ key, sessionId: session.id, path: keyPath }, deps);
  if (saved.change === 'created') deps.reporter.info(`saved the session's key as ${saved.path}`);
  return saved.path;
}

/** The first time the key is learnt over the manager's authenticated tunnel; ssh then accepts no other. */
async function pinHostKey(session: SessionRef, tunnel: Tunnel, deps: AppDeps): Promise<void> {
  const alias = hostKeyAlias(session);
  if ((await deps.knownHosts.pinned(alias)).length > 0) return;
  const stream = await tunnel.dial(deps.signal);
  const key = await deps.fetchHostKey(stream, session.name, deps.signal);
  await deps.knownHosts.verify(alias, key, session);
}

/** What ssh is told to reach the session through a forwarder. */
export function sshTarget(ready: PreparedSsh, { host, port }: Forwarder, deps: AppDeps): SshTarget {
  const { identityFile, hostKeyAlias: alias } = ready;
  const { settings, knownHosts, nullDevice } = deps;
  return {
    host,
    port,
    user: settings.user,
    identityFile,
    knownHosts: knownHosts.path,
    hostKeyAlias: alias,
    nullDevice,
  };
}
