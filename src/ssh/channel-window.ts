/** How much either side may send on one channel before it has to wait. */

import type { ClientChannel, SFTPWrapper } from 'ssh2';

/**
 * ssh2 opens a window of 2 MiB and opens it again only when half of it is used, which leaves a long line idle
 * most of the time. What arrives is bounded by the reads that were asked for, or by the flow control of the connection,
 * so a larger one costs nothing.
 */
const moreWindowBytes = 30 * 1024 * 1024;

export function widenWindow(channel: SFTPWrapper | ClientChannel): void {
  const client: unknown = Reflect.get(channel, '_client');
  const protocol: unknown =
    Reflect.get(channel, '_protocol') ??
    (typeof client === 'object' && client !== null ? Reflect.get(client, '_protocol') : undefined);
  const outgoing: unknown = Reflect.get(channel, 'outgoing');
  if (typeof protocol !== 'object' || protocol === null) return;
  if (typeof outgoing !== 'object' || outgoing === null) return;
  const id: unknown = Reflect.get(outgoing, 'id');
  const adjust: unknown = Reflect.get(protocol, 'channelWindowAdjust');
  if (typeof id === 'number' && typeof adjust === 'function') adjust.call(protocol, id, moreWindowBytes);
}

/**
 * ssh2 opens the window again of a channel that it has closed, while what came in before is read. dropbear does not know
 * the channel any more by then, and ends the whole connection.
 */
export function closeChannel(channel: ClientChannel): void {
  channel.close();
  const incoming: unknown = Reflect.get(channel, 'incoming');
  if (typeof incoming === 'object' && incoming !== null)
    Reflect.set(incoming, 'window', Number.MAX_SAFE_INTEGER);
}

/** What the server takes at this moment. OpenSSH's opens a channel with none and grants it soon after. */
export function windowOf(channel: SFTPWrapper | ClientChannel): number | undefined {
  const outgoing: unknown = Reflect.get(channel, 'outgoing');
  const window: unknown =
    typeof outgoing === 'object' && outgoing !== null ? Reflect.get(outgoing, 'window') : undefined;
  return typeof window === 'number' ? window : undefined;
}
