/** Finds out that the line of a WebSocket is dead, though nobody says so. */

import type { WebSocket } from 'ws';

export interface LineWatchOptions {
  /** Nothing is heard of a line that lives for so long: every quarter of it a silent one is asked. */
  readonly silenceMs: number;
  /** What has been sent so far, in bytes. */
  readonly sentBytes: () => number;
  /** Called once. */
  readonly onDead: () => void;
}

const quarters = 4;
/** What is sent in bulk may be on its way for longer, and an answer is behind it. */
const slowestBytesPerMs = 32;
const mostExtraMs = 60_000;

/**
 * Time is counted in turns of a timer: what a closed lid or Ctrl-Z took is nobody's silence. The manager answers each ping,
 * and who reads slowly leaves the answers unread too, which is no sign of a dead line.
 */
export function watchLine(socket: WebSocket, { silenceMs, sentBytes, onDead }: LineWatchOptions): void {
  const turnMs = silenceMs / quarters;
  let wasHeard = true;
  let silentMs = 0;
  let sentBefore = sentBytes();
  const timer = setInterval(() => {
    if (socket.isPaused) hear();
    silentMs = wasHeard ? 0 : silentMs + turnMs;
    wasHeard = false;
    const extraMs = Math.min(mostExtraMs, Math.floor((sentBytes() - sentBefore) / slowestBytesPerMs));
    if (silentMs >= turnMs * (quarters - 1) + extraMs) {
      clearInterval(timer);
      return onDead();
    }
    if (silentMs > 0) socket.ping();
  }, turnMs);
  timer.unref();
  const hear = (): void => {
    wasHeard = true;
    sentBefore = sentBytes();
  };
  for (const event of ['pong', 'message', 'ping']) socket.on(event, hear);
  socket.once('close', () => clearInterval(timer));
}
