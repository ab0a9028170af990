/** What is waited for, where somebody watches. */

import type { Reporter } from '../../core/reporter.ts';

/** Not for work that may ask a question in the middle. */
export async function whileBusy<T>(
  text: string,
  work: Promise<T>,
  { reporter }: { readonly reporter: Reporter },
): Promise<T> {
  const busy = reporter.busy(text);
  try {
    return await work;
  } finally {
    busy.stop();
  }
}
