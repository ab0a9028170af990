/** Finds out that the line of a WebSocket is dead, though nobody says so. */

import type { WebSocket } from 'ws';
import { type SilenceOptions, watchSilence } from '../../../core/silence-watch.ts';

/** The manager answers each ping, and who reads slowly leaves the answers unread too, which is no sign of a dead line. */
export function watchLine(
  socket: WebSocket,
  options: Omit<SilenceOptions, 'ask' | 'isExcused' | 'isAsked'>,
): void {
  const ask = (): void => socket.ping();
  const watch = watchSilence({ ...options, ask, isExcused: () => socket.isPaused });
  for (const event of ['pong', 'message', 'ping']) socket.on(event, watch.hear);
  socket.once('close', () => watch[Symbol.dispose]());
}
