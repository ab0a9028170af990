/** For what bai remembers to be quicker or kinder, and can do without. */

import { BaiError, systemCode } from '../errors.ts';

/** Nothing where this machine refuses: what is not remembered is asked for again, so it is nobody's failure. */
export async function unlessRefused<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (systemCode(error) !== undefined || error instanceof BaiError) return undefined;
    throw error;
  }
}
