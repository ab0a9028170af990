/** Everything ssh needs before it starts: sshd in the session, a key on disk, a pinned host key. */

import type { SessionRef } from '../../core/session/session.ts';
import type { Forwarder, Tunnel } from '../../core/ssh/ssh-access.ts';
import type { SshTarget } from '../../core/ssh/ssh-command.ts';
import { UsageError } from '../../errors.ts';
import type { PrivateKey } from '../../keys/private-key.ts';
import { saveKeyBeside } from '../keys/save-key.ts';
import { checkApp } from '../session/check-app.ts';
import { type AppDeps, hostKeyAlias } from './app-deps.ts';
import { checkAgentKeys, filesOf, issuedOrOwn } from './user-keys.ts';

export const sshApp = 'sshd';

export interface PreparedSsh {
  readonly session: SessionRef;
  readonly tunnel: Tunnel;
  /** Nothing: ssh offers the agent's keys, and then `ownKeys`. */
  readonly identityFile: string | undefined;
  readonly ownKeys: readonly string[];
  readonly hostKeyAlias: string;
}

/** The three go on at the same time; when several fail, the one a user should mend first is thrown. */
export async function prepareSsh(session: SessionRef, deps: AppDeps): Promise<PreparedSsh> {
  const { identity } = deps.settings;
  // What the user can mend alone is said before anything is dialled.
  if (identity !== undefined) await deps.checkOwnKey(identity);
  else refuseMemory(deps);
  const tunnel = deps.tunnelTo(session, sshApp);
  const app = session.node === undefined ? checkApp(session, sshApp, deps) : undefined;
  const key = keyForSsh(session, deps);
  const pin = pinHostKey(session, tunnel, deps);
  for (const outcome of await Promise.allSettled([app, key, pin])) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
  return { session, tunnel, ...(await key), hostKeyAlias: hostKeyAlias(session) };
}

type KeyForSsh = Pick<PreparedSsh, 'identityFile' | 'ownKeys'>;

async function keyForSsh(session: SessionRef, deps: AppDeps): Promise<KeyForSsh> {
  const { identity, usesAgent, keyStore } = deps.settings;
  if (identity !== undefined) return { identityFile: identity, ownKeys: [] };
  if (usesAgent) {
    await checkAgentKeys(deps);
    return { identityFile: undefined, ownKeys: [] };
  }
  const issued = await issuedOrOwn(session, deps);
  if ('ring' in issued) return { identityFile: undefined, ownKeys: filesOf(issued.ring) };
  const { key } = issued;
  if (keyStore === 'agent') {
    await deps.addToAgent(key);
    return { identityFile: undefined, ownKeys: [] };
  }
  return { identityFile: await saveBeside(key, session, deps), ownKeys: [] };
}

function refuseMemory({ settings }: AppDeps): void {
  if (settings.usesAgent || settings.keyStore !== 'memory') return;
  throw new UsageError("another program cannot use a key in bai's memory", {
    hint: 'choose --key-store agent, which writes nothing either, or --key-store file',
  });
}

async function saveBeside(key: PrivateKey, session: SessionRef, deps: AppDeps): Promise<string> {
  const { keyPath } = deps.settings;
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
  const { identityFile, ownKeys, hostKeyAlias: alias } = ready;
  const { settings, knownHosts, nullDevice } = deps;
  return {
    host,
    port,
    user: settings.user,
    identityFile,
    ownKeys,
    knownHosts: knownHosts.path,
    hostKeyAlias: alias,
    nullDevice,
  };
}
