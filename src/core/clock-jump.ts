/** Finds out that this machine has slept: the clock on the wall went on, and timers did not. */

interface ClockJumpOptions {
  /** How often is looked; what comes that much later than it should is a busy machine. */
  readonly everyMs: number;
  readonly jumpMs: number;
  /** Called with how long it was away. */
  readonly onJump: (ms: number) => void;
}

/** Keeps no process alive. */
export function watchClock({ everyMs, jumpMs, onJump }: ClockJumpOptions): Disposable {
  let before = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    const awayMs = now - before - everyMs;
    before = now;
    if (awayMs > jumpMs) onJump(awayMs);
  }, everyMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
