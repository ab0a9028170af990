/** Asks for a line on the terminal, which shows what is typed. */

import { createInterface } from 'node:readline';
import { sanitizeLine } from '../core/text/sanitize.ts';
import { reasonOf } from '../errors.ts';
import type { AskStreams } from './read-secret.ts';

/** Without its line end; `atEnd` at the end of the input. */
export async function askLine(
  prompt: string,
  { stdin, stderr, signal }: AskStreams,
  atEnd = '',
): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      const interrupt = (): void => reject(reasonOf(signal));
      lines.once('SIGINT', interrupt);
      signal.addEventListener('abort', interrupt, { once: true });
      lines.once('close', () => resolve(atEnd));
      lines.question(sanitizeLine(prompt), resolve);
    });
  } finally {
    lines.close();
  }
}
