/** What comes in over a channel, into a stream of this machine at the pace of that stream. */

import type { Readable, Writable } from 'node:stream';

/** Stops what comes in, and lets it come again; as `FlowControl` does for a whole connection. */
export interface Stop {
  hold(holder: object): void;
  release(holder: object): void;
}

interface PipeOptions {
  readonly stop: Stop;
  /** What may wait in memory for a slow reader. */
  readonly mostWaiting: number;
}

/**
 * Returns when all of it has been taken; what nobody takes any more (a closed pipe) is thrown away, so that the rest of
 * the connection goes on. Does not end `to`.
 */
export function pipeWithBackpressure(
  from: Readable,
  to: Writable,
  { stop, mostWaiting }: PipeOptions,
): Promise<void> {
  const holder = {};
  const release = (): void => stop.release(holder);
  to.on('drain', release).on('close', release);
  from.on('data', (chunk: Buffer) => {
    if (!to.writable) return release();
    if (!to.write(chunk) && to.writableLength > mostWaiting) stop.hold(holder);
  });
  return new Promise((resolve) => {
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      to.off('drain', release).off('close', release);
      release();
      // What was written last is on its way when its turn has come.
      if (to.writable) to.write('', () => resolve());
      else resolve();
    };
    from.once('end', end).once('close', end);
  });
}
