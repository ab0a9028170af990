/** Reads a secret: typed unseen on a terminal, or the first line of a pipe. */

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { InterruptedError } from '../errors.ts';

export interface AskStreams {
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** Without its line end; empty at end of file. */
export async function readHiddenLine(prompt: string, { stdin, stderr, signal }: AskStreams): Promise<string> {
  const onTerminal = stdin.isTTY === true;
  // readline echoes what is typed to its output, so that goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: onTerminal });
  // Only now, when the terminal no longer shows what is typed.
  if (onTerminal) stderr.write(prompt);
  try {
    return await new Promise<string>((resolve, reject) => {
      const interrupt = (): void => reject(new InterruptedError());
      lines.once('SIGINT', interrupt);
      signal.addEventListener('abort', interrupt, { once: true });
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
    });
  } finally {
    lines.close();
    if (onTerminal) stderr.write('\n');
  }
}
