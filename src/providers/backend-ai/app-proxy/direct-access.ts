/** Upload sessions, which listen on the machine that they run on. */

import * as z from 'zod/mini';
import type { Gateway } from '../../../core/session/provider.ts';
import type { SessionRef } from '../../../core/session/session.ts';
import { BaiError, ProtocolError } from '../../../errors.ts';
import type { ManagerClient } from '../manager/client.ts';
import { hostAndPort } from './addresses.ts';
import { throughManager } from './refusals.ts';

/** All other sessions have none of it. */
const directSchema = z.object({
  public_host: z.optional(z.string()),
  sshd_ports: z.optional(z.array(z.number())),
});

/** Throws a BaiError `no-direct-access` for a session that is no upload session. */
export async function directGateway(
  { id, name }: SessionRef,
  client: ManagerClient,
  signal: AbortSignal,
): Promise<Gateway> {
  const path = `session/${encodeURIComponent(id)}/direct-access-info`;
  const what = `ask where session ${name} listens`;
  const found = await client.json({ what, method: 'GET', path, signal }, directSchema);
  const { public_host: named, sshd_ports: [port] = [] } = found;
  if (named === undefined || port === undefined) {
    throw new BaiError(`session ${name} has no port of its own on the machine that it runs on`, {
      code: 'no-direct-access',
      hint: `upload sessions (--type system) have one; ${throughManager}`,
    });
  }
  const place = hostAndPort(`tcp://${named.replace(/^https?:\/\//i, '').replace(/\/+$/, '')}:${port}`);
  if (place !== undefined) return { via: 'direct', ...place };
  throw new ProtocolError(`the manager does not tell in a known form where session ${name} listens`, {
    hint: `nothing was sent there: ${throughManager}`,
  });
}
