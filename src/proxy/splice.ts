/** Joins a local client and a tunnel's stream until both directions are done. */

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { atMost } from '../core/time-limit.ts';
import type { LocalClient } from './local-client.ts';

/** How long either side may take to close after it was told that the other one is done. */
const lingerMs = 2_000;

interface SpliceOptions {
  /** The stream can tell the app that the client says no more, and what it answers comes all the same. */
  readonly passesEnd?: boolean | undefined;
}

/**
 * Neither side's failure reaches beyond this pair. The end of what the client sends is not passed on: a WebSocket has no
 * half-close, and closing it would cut off the answer that is still on its way. The remote side ends the pair, or a client
 * that has gone. Where it can be told, it is.
 */
export async function splice(
  { socket, input, gone }: LocalClient,
  remote: Duplex,
  { passesEnd = false }: SpliceOptions = {},
): Promise<void> {
  // Before the pipelines, which would close the connection as if all had arrived.
  remote.once('error', () => socket.resetAndDestroy());
  const upward = pipeline(input, remote, { end: passesEnd });
  // Not the stream itself: it would be destroyed with the client, and with it what the client sent last.
  const downward = pipeline(remote.iterator({ destroyOnReturn: false }), socket);
  for (const direction of [upward, downward]) direction.catch(() => {});
  try {
    await Promise.race([downward, upward.then(() => Promise.race([downward, gone]))]);
    // Closing with unread bytes resets the connection, and the client may then lose what it has not read.
    if (remote.readableEnded && !socket.closed) await ended(once(socket, 'close'));
  } finally {
    socket.destroy();
    if (input.readableEnded) await deliver(remote);
    remote.destroy();
  }
}

/** What was sent last goes out as fast as the far side takes it; then that has some time to end. */
async function deliver(remote: Duplex): Promise<void> {
  remote.resume().end();
  for (let left = Number.POSITIVE_INFINITY; remote.writableLength < left && !remote.closed; ) {
    left = remote.writableLength;
    await ended(once(remote, 'close'));
  }
}

/** Whichever way, and in time. */
function ended(end: Promise<unknown>): Promise<void> {
  return atMost(
    lingerMs,
    end.catch(() => {}),
  );
}
