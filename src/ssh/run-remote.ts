/** Runs a program of the session to its end, for the little that it prints. */

import type { RunOptions, RunResult } from '../transfer/sftp-connection.ts';
import { startProgram } from './remote-program.ts';

const mostOutputBytes = 64 * 1024;

/** What is printed is read at once and dropped beyond 64 KiB. Rejects with a BaiError. */
export async function runRemote(
  connection: Parameters<typeof startProgram>[0],
  words: readonly string[],
  { signal }: RunOptions,
): Promise<RunResult> {
  using program = await startProgram(connection, words, { signal });
  program.stdin.end();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of program.stdout as AsyncIterable<Buffer>) {
    if (bytes < mostOutputBytes) chunks.push(chunk.subarray(0, mostOutputBytes - bytes));
    bytes += chunk.length;
  }
  const { status } = await program.ended;
  return { status, stdout: Buffer.concat(chunks) };
}
