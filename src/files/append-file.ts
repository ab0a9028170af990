/** A log of bai's own. */

import { constants, openSync } from 'node:fs';

/** Appended to and read, for its owner alone. A link is not followed, and a pipe not waited for; Windows has neither flag. */
export function openToAppend(path: string): number {
  const { O_APPEND, O_CREAT, O_RDWR } = constants;
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
  return openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
}
