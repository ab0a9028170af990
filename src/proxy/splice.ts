/** Joins a local connection and a tunnel's stream until both directions are done. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** How long a client may take to close after it was told that the far side is done. */
const lingerMs = 2_000;

/**
 * Neither side's failure reaches beyond this pair. The local side's end of file is not passed on: a
 * WebSocket has no half-close, and closing it would cut off the answer that is still on its way. The
 * remote side ends the pair instead.
 */
export async function splice(local: Socket, remote: Duplex): Promise<void> {
  // Before the pipelines, which would close the connection as if all had arrived.
  remote.once('error', () => local.resetAndDestroy());
  const upward = pipeline(local, remote, { end: false });
  const downward = pipeline(remote, local);
  upward.catch(() => {});
  downward.catch(() => {});
  try {
    await Promise.race([downward, upward.then(() => downward)]);
    // Closing with unread bytes resets the connection, and the client may then lose what it has not read.
    if (!local.closed) await Promise.race([once(local, 'close'), delay(lingerMs, undefined, { ref: false })]);
  } finally {
    remote.destroy();
    local.destroy();
  }
}
