/** A limit of time beside the signal that ends everything. */

export interface TimeLimit extends Disposable {
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
  const timer = setTimeout(() => over.abort(new DOMException('the time is over', 'TimeoutError')), ms);
  return {
    signal: AbortSignal.any([signal, over.signal]),
    get isOver() {
      return over.signal.aborted;
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
