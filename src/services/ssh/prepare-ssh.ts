/** Everything another SSH client needs before it starts: sshd in the session, a key on disk, a pinned host key. */

import type { SessionRef } from '../../core/session/session.ts';
import type { Forwarder } from '../../core/ssh/forwarder.ts';
import type { SshTarget } from '../../core/ssh/ssh-command.ts';
import { UsageError } from '../../errors.ts';
import type { PrivateKey } from '../../keys/private-key.ts';
import { saveKeyBeside } from '../keys/save-key.ts';
import { learnHostKey } from './learn-host-key.ts';
import { type OpenedAccess, openAccess } from './open-access.ts';
import type { SshTools } from './ssh-tools.ts';
import { checkAgentKeys, filesOf, issuedOrOwn } from './user-keys.ts';

export interface PreparedSsh {
  readonly access: OpenedAccess;
  /** Nothing: ssh offers the agent's keys, and then `ownKeys`. */
  readonly identityFile: string | undefined;
  readonly ownKeys: readonly string[];
}

/** The three go on at the same time; when several fail, the one a user should mend first is thrown. */
export async function prepareSsh(session: SessionRef, tools: SshTools): Promise<PreparedSsh> {
  const { identity } = tools.settings;
  // What the user can mend alone is said before anything is dialled.
  if (identity !== undefined) await tools.keys.checkOwn(identity);
  else refuseMemory(tools);
  const access = await openAccess(session, tools);
  const key = keyForSsh(session, tools);
  // Then ssh accepts no other.
  const learn = (): Promise<void> => learnHostKey({ access, session, signal: tools.signal }, tools);
  const asks = access.hostKeyTrust === 'first-use';
  for (const outcome of await Promise.allSettled([access.check(), key, asks ? undefined : learn()])) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
  if (asks) await learn();
  return { access, ...(await key) };
}

type KeyForSsh = Pick<PreparedSsh, 'identityFile' | 'ownKeys'>;

async function keyForSsh(session: SessionRef, tools: SshTools): Promise<KeyForSsh> {
  const { identity, usesAgent, keyStore } = tools.settings;
  if (identity !== undefined) return { identityFile: identity, ownKeys: [] };
  if (usesAgent) {
    await checkAgentKeys(tools);
    return { identityFile: undefined, ownKeys: [] };
  }
  const issued = await issuedOrOwn(session, tools);
  if ('ring' in issued) return { identityFile: undefined, ownKeys: filesOf(issued.ring) };
  const { key } = issued;
  if (keyStore === 'agent') {
    await tools.keys.addToAgent(key);
    return { identityFile: undefined, ownKeys: [] };
  }
  return { identityFile: await saveBeside(key, session, tools), ownKeys: [] };
}

/** Only a key that the session hands out would be there. */
function refuseMemory({ settings, provider }: SshTools): void {
  if (settings.usesAgent || settings.keyStore !== 'memory' || provider.issuedKey === undefined) return;
  throw new UsageError("another program cannot use a key in bai's memory", {
    hint: 'choose --key-store agent, which writes nothing either, or --key-store file',
  });
}

async function saveBeside(key: PrivateKey, session: SessionRef, tools: SshTools): Promise<string> {
  const { keyPath } = tools.settings;
  const saved = await saveKeyBeside({ key, sessionId: session.id, path: keyPath }, tools.keys);
  if (saved.change === 'created') tools.reporter.info(`saved the session's key as ${saved.path}`);
  return saved.path;
}

/** What ssh is told to reach the session through a forwarder, or another port that leads to it. */
export function sshTarget(
  ready: PreparedSsh,
  { host, port }: Pick<Forwarder, 'host' | 'port'>,
  tools: SshTools,
): SshTarget {
  const { access, identityFile, ownKeys } = ready;
  return {
    host,
    port,
    user: access.user,
    identityFile,
    ownKeys,
    knownHosts: tools.knownHosts.path,
    hostKeyAlias: access.hostKeyAlias,
    hidesEnds: tools.provider.hidesEnds,
    nullDevice: tools.system.nullDevice,
    platform: tools.system.platform,
  };
}
