/** `bai host-key`: the keys a session and its nodes are known by, and forgetting them. */

import { NotFoundError } from '../../errors.ts';
import type { Fingerprints, PinnedKey } from '../../ssh/files/known-hosts.ts';
import { type ResolveDeps, resolveAnySession } from '../session/resolve-session.ts';
import { hostKeyAlias } from './app-deps.ts';

export interface HostKeyDeps extends ResolveDeps {
  readonly knownHosts: {
    readonly path: string;
    /** Those of this name and of every name that it begins, with a dash after it. */
    family(alias: string): Promise<readonly PinnedKey[]>;
    /** The same, and whether there was one. */
    forget(alias: string): Promise<boolean>;
  };
  fingerprints(key: Uint8Array): Fingerprints;
  keyType(key: Uint8Array): string;
}

export interface ShownHostKey extends Fingerprints {
  readonly type: string;
  /** The container of a cluster session, where it is not main1. */
  readonly node?: string;
}

export async function showHostKeys(reference: string, deps: HostKeyDeps): Promise<readonly ShownHostKey[]> {
  const session = await resolveAnySession(reference, deps);
  const own = hostKeyAlias(session);
  const pins = await deps.knownHosts.family(own);
  if (pins.length === 0) throw notPinned(session.name);
  return pins.map(({ alias, key }) => ({
    type: deps.keyType(key),
    ...deps.fingerprints(key),
    ...(alias !== own && { node: alias.slice(own.length + 1) }),
  }));
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
