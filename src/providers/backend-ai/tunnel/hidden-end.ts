/** The end of a session that nobody tells: web consoles and app proxies keep connections open whose other end is gone. */

export interface HiddenEnd {
  /** Whether the session has ended, or cannot be found any more; false when nobody answers. Never rejects. */
  isOver(this: void, signal: AbortSignal): Promise<boolean>;
  /** After so much time without a byte that is asked; a quarter of a minute when left out. */
  readonly quietMs?: number;
}

const usualQuietMs = 15_000;

/** A connection whose end nobody tells. */
interface WatchedLine {
  /** Grows with whatever comes. */
  heard(): number;
  /** What came is not taken: nothing more can be heard. */
  isPaused(): boolean;
  onceClosed(done: () => void): void;
}

/** Keeps no process alive. `onOver` is called once, after all that came was handed on. */
export function watchEnd(
  line: WatchedLine,
  { isOver, quietMs = usualQuietMs }: HiddenEnd,
  onOver: () => void,
): void {
  const closed = new AbortController();
  let heardBefore = line.heard();
  let isAsking = false;
  const isQuiet = (): boolean => line.heard() === heardBefore;
  const ask = async (): Promise<void> => {
    isAsking = true;
    const over = await isOver(closed.signal);
    isAsking = false;
    // What came meanwhile is from a session that was there.
    if (over && isQuiet() && !closed.signal.aborted) onOver();
  };
  const timer = setInterval(() => {
    if (isQuiet() && !isAsking && !line.isPaused()) void ask();
    heardBefore = line.heard();
  }, quietMs).unref();
  line.onceClosed(() => {
    clearInterval(timer);
    closed.abort();
  });
}
