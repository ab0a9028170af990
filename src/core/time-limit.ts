/**
 * Limits of time. They count the time in which this process ran: what a closed lid, Ctrl-Z or a stopped container took is
 * nobody's silence.
 */

/** Timers are set for no longer. One that comes later than that has slept, and counts for its slice all the same. */
const sliceMs = 1_000;

/** Disposal ends the counting. */
export interface Countdown extends Disposable {
  /** All of the time again, from some moment of the slice that runs. */
  restart(): void;
  /** Whoever is waited for keeps the process alive, or nobody does. */
  unref(): void;
}

/** Calls back once, when so much time is over. It keeps the process alive unless it is told otherwise. */
export function countDown(ms: number, onOver: () => void): Countdown {
  let leftMs = ms;
  let isFresh = false;
  let isHeld = true;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    const slice = Math.min(sliceMs, leftMs);
    timer = setTimeout(() => {
      leftMs = isFresh ? ms : leftMs - slice;
      isFresh = false;
      if (leftMs > 0) next();
      else onOver();
    }, slice);
    if (!isHeld) timer.unref();
  };
  next();
  return {
    restart() {
      isFresh = true;
    },
    unref() {
      isHeld = false;
      timer?.unref();
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/** Disposal ends the counting. */
interface Stopwatch extends Disposable {
  /** Since it was started, in milliseconds. */
  readonly elapsedMs: number;
  restart(): void;
}

/** It does not keep the process alive. */
export function startStopwatch(): Stopwatch {
  let countedMs = 0;
  let lookedAt = performance.now();
  const look = (): number => {
    const now = performance.now();
    countedMs += Math.min(now - lookedAt, 2 * sliceMs);
    lookedAt = now;
    return countedMs;
  };
  const timer = setInterval(look, sliceMs).unref();
  return {
    get elapsedMs() {
      return look();
    },
    restart() {
      look();
      countedMs = 0;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** A limit beside the signal that ends everything. */
interface TimeLimit extends Disposable {
  /** Aborted by the given one, or when the time is over. */
  readonly signal: AbortSignal;
  /** Whether the time was over before. */
  readonly isOver: boolean;
}

/**
 * Disposal ends the counting. It stands in for `AbortSignal.any` with `AbortSignal.timeout`: Node 20 keeps no hold of such a
 * timeout, and once the garbage collector has been there it never comes.
 */
export function limitTime(signal: AbortSignal, ms: number): TimeLimit {
  const over = new AbortController();
  const countdown = countDown(ms, () => over.abort(new DOMException('the time is over', 'TimeoutError')));
  return {
    signal: AbortSignal.any([signal, over.signal]),
    get isOver() {
      return over.signal.aborted;
    },
    [Symbol.dispose]: () => countdown[Symbol.dispose](),
  };
}

/** The answer, unless the signal comes first: what takes long cannot always be stopped, but need not be waited for. */
export async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  // It is nobody's any more when the signal was first.
  answer.catch(() => {});
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

interface Patience {
  readonly signal: AbortSignal;
  readonly ms: number;
  /** What is thrown when the time is over. */
  readonly late: () => Error;
}

/** As `unlessAborted`, and no longer than so much time; what is asked can end with the same signal. */
export async function within<T>(
  ask: (until: AbortSignal) => Promise<T>,
  { signal, ms, late }: Patience,
): Promise<T> {
  signal.throwIfAborted();
  using limit = limitTime(signal, ms);
  try {
    return await unlessAborted(ask(limit.signal), limit.signal);
  } catch (error) {
    throw limit.isOver && error === limit.signal.reason ? late() : error;
  }
}

/** Waits for the work, and no longer than so much time. Rejects as the work does, if that comes first. */
export async function atMost(ms: number, work: PromiseLike<unknown>): Promise<void> {
  let end = (): void => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  using _limit = countDown(ms, end);
  await Promise.race([work, over]);
}
