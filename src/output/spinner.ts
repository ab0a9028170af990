/** ora, told what bai already decided: which stream, and that a terminal is there. */

import ora, { type Ora } from 'ora';

/** A running spinner. It leaves stdin alone: ssh and questions read it. */
export function createSpinner(stream: NodeJS.WriteStream, text: string): Ora {
  return ora({ text, stream, discardStdin: false, hideCursor: true, isEnabled: true }).start();
}
