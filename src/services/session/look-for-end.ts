/**
 * Whether a session is over soon, for somebody who goes in. It is asked beside what the login needs, after it, and nobody waits for the
 * answer: when it comes too late there is no word of it.
 */

import { endWarning } from '../../core/session/expected-end.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { BaiError } from '../../errors.ts';
import type { SessionTools } from './session-tools.ts';

/** Disposal ends the asking. */
interface EndLook extends Disposable {
  /** Warns when it is known by now; later nothing is said any more. */
  tell(): void;
  /** Resolves when it is known. */
  readonly known: Promise<void>;
}

/** The login has the connection that stands; this one opens another. */
const headStartMs = 30;

/** Asks nothing where no person reads. */
export function lookForEnd(
  session: SessionRef,
  { provider, reporter, signal }: Pick<SessionTools, 'provider' | 'reporter' | 'signal'>,
): EndLook {
  const stop = new AbortController();
  let warning: string | undefined;
  const look = async (): Promise<void> => {
    try {
      const either = AbortSignal.any([signal, stop.signal]);
      const found = await provider.describe(session.id, either);
      if (found === undefined) return;
      const countsConnections = (await provider.countsConnections?.(either)) ?? true;
      warning = endWarning({ ...found, countsConnections }, Date.now());
    } catch (error) {
      // Whatever is wrong there, the login says it.
      if (!stop.signal.aborted && !signal.aborted && !(error instanceof BaiError)) throw error;
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const known = reporter.interactive
    ? new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => void look().then(resolve, reject), headStartMs);
      })
    : Promise.resolve();
  known.catch(() => {});
  return {
    known,
    tell() {
      stop.abort();
      if (warning !== undefined) reporter.warn(warning);
      warning = undefined;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      stop.abort();
    },
  };
}
