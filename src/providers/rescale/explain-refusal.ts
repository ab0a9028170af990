/** Why a job refused a key, as far as the platform shows what its sshd goes by. */

import { createHash } from 'node:crypto';
import { parsePublicLine } from '../../core/keys/public-line.ts';
import type { Refusal, RefusalCause } from '../../core/session/provider.ts';
import { BaiError } from '../../errors.ts';
import type { RescaleClient } from './client.ts';
import { describeJob } from './jobs.ts';

const paste = 'User Profile Settings, Job Settings, SSH Public Key';

export async function explainRefusal(
  { session, user, tried }: Refusal,
  client: RescaleClient,
  signal: AbortSignal,
): Promise<RefusalCause> {
  const key = 'names' in tried ? tried.names.join(', ') : (tried.path ?? 'the key');
  const fingerprints = 'names' in tried ? tried.fingerprints : [tried.fingerprint];
  const own = await ownFingerprint(session.id, client, signal);
  if (own !== undefined && fingerprints.includes(own))
    return {
      reason: 'account',
      message: `job ${session.name} was made with that key, but not for account ${user}`,
      hint: 'each job has an account of its own: leave out --user, BAI_USER and the setting user',
    };
  if (own !== undefined)
    return {
      reason: 'not-authorised',
      message: `job ${session.name} refused ${key}: it was made with the key ${own}`,
      hint: 'name the file of that key with --identity FILE',
    };
  return {
    reason: 'not-authorised',
    message: `job ${session.name} refused ${key}: it lets in the key that stood in the profile of its owner when it was submitted, and no later one`,
    hint: `name the file of that key with --identity FILE; a new one has to be in the profile at Rescale (${paste}) before the job is submitted, or go with it: \`bai session create … --public-key FILE.pub\``,
  };
}

/** Of the job's own key; nothing when it has none, or the platform does not tell. */
async function ownFingerprint(
  id: string,
  client: RescaleClient,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const line = (await describeJob(client, id, signal))?.publicKey;
    const key = line === undefined ? undefined : parsePublicLine(line);
    return key && `SHA256:${createHash('sha256').update(key.blob).digest('base64').replace(/=+$/, '')}`;
  } catch (error) {
    if (error instanceof BaiError && !signal.aborted) return undefined;
    throw error;
  }
}
