/** Asks a question on the terminal. */

import { createInterface } from 'node:readline';
import { sanitizeLine } from '../core/text/sanitize.ts';
import { reasonOf } from '../errors.ts';
import type { AskStreams } from './read-secret.ts';

/** Enter means yes, unless it is said to mean no; the end of the input means no. */
export async function askYesOrNo(
  question: string,
  { stdin, stderr, signal }: AskStreams,
  enter: 'yes' | 'no' = 'yes',
): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stderr, terminal: true });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      const interrupt = (): void => reject(reasonOf(signal));
      lines.once('SIGINT', interrupt);
      signal.addEventListener('abort', interrupt, { once: true });
      lines.once('close', () => resolve('no'));
      lines.question(`${sanitizeLine(question)} ${enter === 'yes' ? '[Y/n]' : '[y/N]'} `, resolve);
    });
    return /^\s*(y|yes)\s*$/i.test(answer.trim() === '' ? enter : answer);
  } finally {
    lines.close();
  }
}
