/** The end of a session that nobody tells: a web console keeps tunnels open whose other end is gone. */

import type { WebSocket } from 'ws';

export interface HiddenEnd {
  /** Whether the session has ended, or cannot be found any more; false when nobody answers. Never rejects. */
  isOver(this: void, signal: AbortSignal): Promise<boolean>;
  /** After so much time without a byte that is asked; a quarter of a minute when left out. */
  readonly quietMs?: number;
}

const usualQuietMs = 15_000;

/** Keeps no process alive. `onOver` is called once, after all that came was handed on. */
export function watchEnd(
  socket: WebSocket,
  { isOver, quietMs = usualQuietMs }: HiddenEnd,
  onOver: () => void,
): void {
  const closed = new AbortController();
  let isQuiet = true;
  let isAsking = false;
  socket.on('message', () => {
    isQuiet = false;
  });
  const ask = async (): Promise<void> => {
    isAsking = true;
    const over = await isOver(closed.signal);
    isAsking = false;
    // What came meanwhile is from a session that was there.
    if (over && isQuiet && !closed.signal.aborted) onOver();
  };
  const timer = setInterval(() => {
    if (isQuiet && !isAsking && !socket.isPaused) void ask();
    isQuiet = true;
  }, quietMs).unref();
  socket.once('close', () => {
    clearInterval(timer);
    closed.abort();
  });
}
