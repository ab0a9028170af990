/** The account's SSH key pair, as the manager keeps it: new sessions accept it. */

import * as z from 'zod/mini';
import type { ManagerClient } from './client.ts';

const keySchema = z.object({ ssh_public_key: z.nullish(z.string()) });

/** The public half, as SSH sends it; nothing when the account has none. */
export async function readAccountKey(
  client: ManagerClient,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const call = {
    what: "read the account's SSH key",
    method: 'GET',
    path: 'auth/ssh-keypair',
    signal,
  } as const;
  const { ssh_public_key: line } = await client.json(call, keySchema);
  const base64 = line?.trim().split(/\s+/)[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
}
