/**
 * Waits with a limit. None of them says how fast something is: the limit is far beyond what a busy machine takes, and stands for
 * what would take minutes or for ever.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { createContext, runInContext } from 'node:vm';

/** Shorter than the time of any test that waits, so that it is this one that says what did not come. */
const usualLimitMs = 25_000;

/** Polls until the condition holds; fails after the limit. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = usualLimitMs,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not so after ${limitMs} ms: ${what}`);
    await delay(15);
  }
}

/** What is awaited, unless it does not come within the limit. */
export async function inTime<T>(awaited: Promise<T>, what: string, limitMs = usualLimitMs): Promise<T> {
  const limit = new AbortController();
  const late = delay(limitMs, undefined, { signal: limit.signal }).then(
    () => Promise.reject(new Error(`not so after ${limitMs} ms: ${what}`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([awaited, late]);
  } finally {
    limit.abort();
  }
}

/** What is computed without waiting, unless it has no end: a regular expression can be stopped only so. */
export function computed<T>(compute: () => T, limitMs = usualLimitMs): T {
  return runInContext('compute()', createContext({ compute }), { timeout: limitMs }) as T;
}
