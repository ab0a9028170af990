/** Asks for a line on the terminal, which shows what is typed. */

import { createInterface } from 'node:readline';
import { sanitizeLine } from '../core/text/sanitize.ts';
import { reasonOf } from '../errors.ts';
import type { AskStreams } from './read-secret.ts';

/** Without its line end; `atEnd` at the end of the input. The terminal itself edits the line: nothing is drawn again. */
export async function askLine(
  prompt: string,
  { stdin, stderr, signal }: AskStreams,
  atEnd = '',
): Promise<string> {
  if (signal.aborted) throw reasonOf(signal);
  const lines = createInterface({ input: stdin, terminal: false });
  const over = new AbortController();
  stderr.write(sanitizeLine(prompt));
  try {
    return await new Promise<string>((resolve, reject) => {
      const leave = (): void => {
        // The terminal has shown ^C behind the question.
        stderr.write('\n');
        reject(reasonOf(signal));
      };
      signal.addEventListener('abort', leave, { signal: over.signal });
      lines.once('line', resolve);
      lines.once('close', () => resolve(atEnd));
    });
  } finally {
    over.abort();
    lines.close();
  }
}
