/** Reads a secret: typed unseen on a terminal, or the first line of a pipe. */

import { createInterface } from 'node:readline';
import { addAbortSignal, Writable } from 'node:stream';
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

/** More than any passphrase. */
const mostLineBytes = 8 * 1024;

/** Secrets that are piped one on each line, read as they are asked for; nothing at the end of the input. */
export function secretLines({
  stdin,
  signal,
}: Omit<AskStreams, 'stderr'>): () => Promise<Buffer | undefined> {
  let kept = Buffer.alloc(0);
  let ended = false;
  let chunks: AsyncIterator<Buffer> | undefined;
  return async () => {
    chunks ??= addAbortSignal(signal, stdin).iterator({ destroyOnReturn: false });
    while (!ended && !kept.includes(0x0a) && kept.length <= mostLineBytes) {
      const next = await chunks.next().catch((error: unknown) => {
        throw signal.aborted ? new InterruptedError() : error;
      });
      ended = next.done === true;
      if (!ended) kept = Buffer.concat([kept, next.value]);
    }
    if (kept.length === 0) return undefined;
    const end = kept.indexOf(0x0a);
    const line = end < 0 ? kept : kept.subarray(0, end);
    kept = end < 0 ? Buffer.alloc(0) : kept.subarray(end + 1);
    if (kept.length === 0 && end >= 0 && !ended) stdin.pause();
    return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
  };
}
