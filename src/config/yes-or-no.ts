/** Asks a question on the terminal. */

import { createInterface } from 'node:readline';
import { InterruptedError } from '../errors.ts';
import type { AskStreams } from './hidden-line.ts';

/** Enter means yes, and the end of the input no. */
export async function askYesOrNo(question: string, { stdin, stderr, signal }: AskStreams): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stderr, terminal: true });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      const interrupt = (): void => reject(new InterruptedError());
      lines.once('SIGINT', interrupt);
      signal.addEventListener('abort', interrupt, { once: true });
      lines.once('close', () => resolve('no'));
      lines.question(`${question} [Y/n] `, resolve);
    });
    return /^\s*(y|yes)?\s*$/i.test(answer);
  } finally {
    lines.close();
  }
}
