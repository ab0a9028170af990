/** ora, told what bai already decided: which stream, that a terminal is there, and whether there are colours. */

import ora, { type Ora } from 'ora';
import type { LocalOutput } from '../core/local-streams.ts';

export interface SpinnerStyle {
  readonly color: boolean;
}

/** A running spinner. It leaves stdin alone: ssh and questions read it. Stopped, it has left no trace. */
export function createSpinner(stream: LocalOutput, text: string, { color }: SpinnerStyle): Ora {
  const options = { discardStdin: false, hideCursor: true, isEnabled: true } as const;
  return ora({ text, stream, color: color ? 'cyan' : false, ...options }).start();
}
