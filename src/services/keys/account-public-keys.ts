/** The public keys that a platform keeps for an account: listed, added, removed. */

import type { AccountPublicKey, PublicKeyUpload } from '../../core/session/account-keys.ts';
import { requireFeature } from '../../core/session/features.ts';
import type { SessionTools } from '../session/session-tools.ts';

export function listAccountKeys({ provider, signal }: SessionTools): Promise<readonly AccountPublicKey[]> {
  return requireFeature(provider, 'publicKeys').list(signal);
}

export async function addAccountKey(
  upload: PublicKeyUpload,
  { provider, reporter, signal }: SessionTools,
): Promise<AccountPublicKey> {
  const keys = requireFeature(provider, 'publicKeys');
  const added = await keys.add(upload, signal);
  reporter.info(`the key applies to ${keys.countFor}`);
  return added;
}

/** Every copy of it, by its id or its fingerprint. */
export async function removeAccountKey(
  reference: string,
  { provider, reporter, signal }: SessionTools,
): Promise<readonly AccountPublicKey[]> {
  const keys = requireFeature(provider, 'publicKeys');
  // As tables and ssh-keygen's own lists have it, where somebody copies less than all of it.
  const isBare = /^[A-Za-z0-9+/]{43}$/.test(reference);
  const removed = await keys.remove(isBare ? `SHA256:${reference}` : reference, signal);
  reporter.info(`from now on it lets nobody in: ${keys.countFor}`);
  return removed;
}
