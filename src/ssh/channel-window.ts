/** How much either side may send on one channel before it has to wait. */

import type { ClientChannel, SFTPWrapper } from 'ssh2';
import { incomingOf, openWindow, outgoingOf } from './ssh2-internals.ts';

/**
 * ssh2 opens a window of 2 MiB and opens it again only when half of it is used, which leaves a long line idle
 * most of the time. What arrives is bounded by the reads that were asked for, or by the flow control of the connection,
 * so a larger one costs nothing.
 */
const moreWindowBytes = 30 * 1024 * 1024;

export function widenWindow(channel: SFTPWrapper | ClientChannel): void {
  openWindow(channel, moreWindowBytes);
}

/**
 * ssh2 opens the window again of a channel that it has closed, while what came in before is read. dropbear does not know
 * the channel any more by then, and ends the whole connection.
 */
export function closeChannel(channel: ClientChannel): void {
  channel.close();
  incomingOf(channel).window = Number.MAX_SAFE_INTEGER;
}

/** What the server takes at this moment. OpenSSH's opens a channel with none and grants it soon after. */
export function windowOf(channel: SFTPWrapper | ClientChannel): number {
  return outgoingOf(channel).window;
}
