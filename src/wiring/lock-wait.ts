/** How the locks of bai's own files are waited for: told of, and ended by Ctrl-C. */

import type { Reporter } from '../core/reporter.ts';
import type { LockWait } from '../files/lock.ts';

export function lockWait({
  reporter,
  signal,
}: {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}): LockWait {
  return { signal, waiting: (message) => reporter.info(message) };
}
