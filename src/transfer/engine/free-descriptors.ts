/** How many more files this process may open. */

import { readdirSync, readFileSync } from 'node:fs';

/** Nothing where the system does not say: Linux does. Node has raised the limit as far as it may be by then. */
export function freeDescriptors(): number | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return limit === undefined ? undefined : Number(limit) - readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
