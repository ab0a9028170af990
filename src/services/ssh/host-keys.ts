/** `bai host-key`: the keys a session and its nodes are known by, and forgetting them. */

import { typed } from '../../core/text/typed.ts';
import { NotFoundError } from '../../errors.ts';
import type { Fingerprints, PinnedKey } from '../../ssh/files/known-hosts.ts';
import { resolveAnySession } from '../session/resolve-session.ts';
import type { SessionTools } from '../session/session-tools.ts';

export interface HostKeyTools extends SessionTools {
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

interface ShownHostKey extends Fingerprints {
  readonly type: string;
  /** The container of a cluster session, where it is not main1. */
  readonly node?: string;
}

export async function showHostKeys(reference: string, tools: HostKeyTools): Promise<readonly ShownHostKey[]> {
  const session = await resolveAnySession(reference, tools);
  const own = tools.provider.hostKeyAlias(session);
  const pins = await tools.knownHosts.family(own);
  if (pins.length === 0) throw notPinned(session.name);
  return pins.map(({ alias, key }) => ({
    type: tools.keyType(key),
    ...tools.fingerprints(key),
    ...(alias !== own && { node: alias.slice(own.length + 1) }),
  }));
}

export async function forgetHostKey(reference: string, tools: HostKeyTools): Promise<void> {
  const session = await resolveAnySession(reference, tools);
  if (!(await tools.knownHosts.forget(tools.provider.hostKeyAlias(session)))) throw notPinned(session.name);
}

function notPinned(session: string): NotFoundError {
  return new NotFoundError(`no host key of session ${session} is known`, {
    code: 'host-key-not-known',
    hint: `it is learned on the first \`${typed(['bai', 'ssh', session])}\``,
  });
}
