/** The one place where a host key is compared with the pinned one, whichever client it was shown to. */

import type { SshAccess } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { typed } from '../../core/text/typed.ts';
import { BaiError, ConflictError } from '../../errors.ts';
import type { SshTools } from './ssh-tools.ts';

interface ShownKey {
  readonly access: Pick<SshAccess, 'hostKeyAlias' | 'hostKeyTrust'>;
  readonly session: SessionRef;
  readonly hostKey: Uint8Array;
}

/** Pins the first key and refuses any other, with what is most likely behind it. */
export async function verifyHostKey(
  { access, session, hostKey }: ShownKey,
  { knownHosts }: Pick<SshTools, 'knownHosts'>,
): Promise<void> {
  try {
    await knownHosts.verify(access.hostKeyAlias, hostKey, session);
  } catch (error) {
    const isChanged = error instanceof BaiError && error.code === 'host-key-changed';
    if (!isChanged || access.hostKeyTrust !== 'first-use') throw error;
    throw new ConflictError(error.message, {
      code: error.code,
      hint: `nothing was sent. Addresses and ports are used again: another machine may have those of this one by now, or it was set up anew. If you know that it was, run \`${typed(['bai', 'host-key', 'forget', session.name])}\`. If not, somebody may be intercepting the connection`,
      details: error.details,
      cause: error,
    });
  }
}
