/** How a program of the session fails that bai runs there for itself. */

import { ProtocolError, TimeoutError } from '../errors.ts';

const endless = 'endless-output';

export function silentProgram(ms: number): TimeoutError {
  const seconds = Math.round(ms / 1000);
  return new TimeoutError(
    `a program of the session was silent for ${seconds} second${seconds === 1 ? '' : 's'}`,
    {
      code: 'stalled',
      hint: 'run the same command again',
    },
  );
}

/** What it prints is read no further: a session must not keep bai busy for ever. */
export function endlessProgram(): ProtocolError {
  return new ProtocolError('a program of the session printed without end', { code: endless });
}

/** Whether somebody has waited for it, unlike for one that the session does not run at all. */
export function isRunaway(error: unknown): error is ProtocolError | TimeoutError {
  return error instanceof TimeoutError || (error instanceof ProtocolError && error.code === endless);
}
