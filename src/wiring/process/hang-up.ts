/** Whether this process is to outlive its terminal, as `nohup` and `trap '' HUP` want it. */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Environment } from '../../context.ts';

/**
 * Node gives every signal its default action as it starts, so that it was ignored is seen no more. It shows elsewhere: shells name the
 * program that they start in `_`, which `nohup` hands on; `nohup` replaces a terminal as stdin by a null device that cannot be read; and a
 * script under either of the two is a parent that ignores the signal itself.
 */
export function outlivesTerminal(environment: Environment, parent: number): boolean {
  if (basename(environment['_'] ?? '') === 'nohup') return true;
  return ignoresHangUp(read(`/proc/${parent}/status`)) || isUnreadable(read('/proc/self/fdinfo/0'));
}

/** By a mask in hexadecimal; the first signal is the lowest bit, and it is SIGHUP. */
function ignoresHangUp(status: string): boolean {
  const last = /^SigIgn:\s*[0-9a-f]*([0-9a-f])$/m.exec(status)?.[1];
  return last !== undefined && Number.parseInt(last, 16) % 2 === 1;
}

/** Open for writing alone, in octal flags. */
function isUnreadable(descriptor: string): boolean {
  return /^flags:\s*[0-7]*1$/m.test(descriptor);
}

/** Empty where the system has no such file. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
