/** ora, told what bai already decided: which stream, and that a terminal is there. */

import ora, { type Ora } from 'ora';
import type { LocalOutput } from '../core/local-streams.ts';

/** A running spinner. It leaves stdin alone: ssh and questions read it. */
export function createSpinner(stream: LocalOutput, text: string): Ora {
  return ora({ text, stream, discardStdin: false, hideCursor: true, isEnabled: true }).start();
}
