/** `bai host-key`: the key a session is known by, and forgetting it. */

import { NotFoundError } from '../errors.ts';
import type { Fingerprints } from '../ssh/known-hosts.ts';
import { hostKeyAlias } from './app-deps.ts';
import { type ResolveDeps, resolveAnySession } from './resolve-session.ts';

export interface HostKeyDeps extends ResolveDeps {
  readonly knownHosts: {
    readonly path: string;
    pinned(alias: string): Promise<readonly Uint8Array[]>;
    forget(alias: string): Promise<boolean>;
  };
  fingerprints(key: Uint8Array): Fingerprints;
  keyType(key: Uint8Array): string;
}

export interface ShownHostKey extends Fingerprints {
  readonly type: string;
}

export async function showHostKeys(reference: string, deps: HostKeyDeps): Promise<readonly ShownHostKey[]> {
  const session = await resolveAnySession(reference, deps);
  const keys = await deps.knownHosts.pinned(hostKeyAlias(session));
  if (keys.length === 0) throw notPinned(session.name);
  return keys.map((key) => ({ type: deps.keyType(key), ...deps.fingerprints(key) }));
}

export async function forgetHostKey(reference: string, deps: HostKeyDeps): Promise<void> {
  const session = await resolveAnySession(reference, deps);
  if (!(await deps.knownHosts.forget(hostKeyAlias(session)))) throw notPinned(session.name);
}

function notPinned(session: string): NotFoundError {
  return new NotFoundError(`no host key of session ${session} is known`, {
    code: 'host-key-not-known',
    hint: `it is learnt at the first \`bai app ssh ${session}\``,
  });
}
