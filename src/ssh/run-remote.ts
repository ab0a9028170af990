/** Runs a program of the session to its end, for the little that it prints. */

import { endlessProgram } from '../core/program-error.ts';
import type { RunOptions, RunResult } from '../transfer/engine/sftp-connection.ts';
import { startProgram } from './remote-program.ts';

const mostOutputBytes = 64 * 1024;

/** What it prints is read at once, so that nothing else over the connection waits for it. Rejects with a BaiError. */
export async function runRemote(
  connection: Parameters<typeof startProgram>[0],
  words: readonly string[],
  { signal, stallMs, input = Promise.resolve('') }: RunOptions,
): Promise<RunResult> {
  let isWaiting = true;
  using program = await startProgram(connection, words, {
    ...{ signal, isWaiting: () => isWaiting },
    ...(stallMs !== undefined && { stallMs }),
  });
  void input.then((text) => {
    isWaiting = false;
    program.stdin.end(text);
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of program.stdout as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > mostOutputBytes) throw endlessProgram();
  }
  const { status } = await program.ended;
  return { status, stdout: Buffer.concat(chunks) };
}
