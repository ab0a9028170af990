/** Questions about what may not be there. */

import { NotFoundError, systemCode } from '../errors.ts';

/** The answer, or nothing when it is a NotFoundError; any other failure stays one. */
export async function undefinedIfMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** For the `catch` of a question to this machine's file system: nothing where nothing is. */
export function noneIfMissing(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error;
}
