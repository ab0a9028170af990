/** What goes on until it is interrupted. */

import type { Context } from '../../context.ts';
import { interruptedBy, isAbort } from '../../errors.ts';

/** Ctrl-C is how it ends: nothing is said of that, and the status is that of the signal. */
export async function untilInterrupted(
  context: Pick<Context, 'signal' | 'exitCode'>,
  work: Promise<void>,
): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!context.signal.aborted || !isAbort(error)) throw error;
    context.exitCode = interruptedBy(context.signal).exitCode;
  }
}
