/** For what is only asked to make an answer better. */

import { BaiError, InterruptedError } from '../errors.ts';

/** Nothing when it cannot be found out. An interrupt, and what is a fault of bai's own, reject as they are. */
export async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof BaiError && !(error instanceof InterruptedError)) return undefined;
    throw error;
  }
}
