/** A token that was just stored is tried at once: whoever pasted it is still there. */

import type { Provider } from '../core/session/provider.ts';
import { BaiError, DeniedError, RetoldError } from '../errors.ts';
import type { SessionTools } from './session/session-tools.ts';

/** Nothing where the platform has no tokens. A refusal is thrown; that nobody answers is told, for the token may be right. */
export async function checkToken(
  provider: Provider,
  { reporter, signal }: Pick<SessionTools, 'reporter' | 'signal'>,
): Promise<string | undefined> {
  try {
    return (await provider.signedInAs?.(signal))?.text;
  } catch (error) {
    if (!(error instanceof BaiError) || signal.aborted) throw error;
    if (error instanceof DeniedError)
      throw new RetoldError(
        error,
        `the token is stored, and ${provider.title} refuses it: ${error.message}`,
        {
          ...(error.hint !== undefined && { hint: error.hint }),
          details: error.details,
        },
      );
    reporter.warn(`the token is stored, and could not be tried: ${error.message}`, error.hint);
    return undefined;
  }
}
