/** Reads a secret: typed unseen on a terminal, or the first line of a pipe. */

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { LocalInput, LocalOutput } from '../core/local-streams.ts';
import { sanitizeLine } from '../core/text/sanitize.ts';
import { reasonOf } from '../errors.ts';

export interface AskStreams {
  readonly stdin: LocalInput;
  readonly stderr: LocalOutput;
  readonly signal: AbortSignal;
}

/** Without its line end; empty at end of file. */
export async function readSecretLine(prompt: string, { stdin, stderr, signal }: AskStreams): Promise<string> {
  const onTerminal = stdin.isTTY === true;
  // readline echoes what is typed to its output, so that goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: onTerminal });
  // Only now, when the terminal no longer shows what is typed.
  if (onTerminal) stderr.write(sanitizeLine(prompt));
  try {
    return await new Promise<string>((resolve, reject) => {
      const interrupt = (): void => reject(reasonOf(signal));
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
export function secretLines(streams: Omit<AskStreams, 'stderr'>): () => Promise<Buffer | undefined> {
  let kept = Buffer.alloc(0);
  return async () => {
    kept = await readLine(kept, streams);
    if (kept.length === 0) return undefined;
    const end = kept.indexOf(0x0a);
    const line = end < 0 ? kept : kept.subarray(0, end);
    kept = end < 0 ? Buffer.alloc(0) : kept.subarray(end + 1);
    return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
  };
}

/** What was kept and what comes, up to the end of a line or of the input. */
function readLine(
  start: Buffer<ArrayBuffer>,
  streams: Omit<AskStreams, 'stderr'>,
): Promise<Buffer<ArrayBuffer>> {
  const { stdin, signal } = streams;
  let kept = start;
  const isEnough = (): boolean => kept.includes(0x0a) || kept.length > mostLineBytes;
  if (isEnough() || stdin.readableEnded) return Promise.resolve(kept);
  const done = new AbortController();
  return new Promise<Buffer<ArrayBuffer>>((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      kept = Buffer.concat([kept, chunk]);
      if (!isEnough()) return;
      // At once: what comes next belongs to the next line.
      stdin.pause();
      resolve(kept);
    };
    const onEnd = (): void => resolve(kept);
    stdin.on('data', onData).once('end', onEnd).once('error', reject);
    signal.addEventListener('abort', () => reject(reasonOf(signal)), { signal: done.signal });
    done.signal.addEventListener('abort', () =>
      stdin.off('data', onData).off('end', onEnd).off('error', reject),
    );
    holdOpen(stdin, true);
    stdin.resume();
  }).finally(() => {
    done.abort();
    stdin.pause();
    holdOpen(stdin, false);
  });
}

/** Whether bai waits for the end of its input: a pipe goes on reading ahead when it is paused. A file has nothing to wait for. */
function holdOpen(stdin: LocalInput, yes: boolean): void {
  if (yes) stdin.ref?.();
  else stdin.unref?.();
}
