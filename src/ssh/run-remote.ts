/** Runs a program of the session over an exec channel. */

import type { Client, ClientChannel } from 'ssh2';
import { shellQuote } from '../core/shell-quote.ts';
import { InterruptedError, ProtocolError, UnreachableError } from '../errors.ts';
import type { RunOptions, RunResult } from '../transfer/sftp-connection.ts';

/** SSH knows no argument lists: the far side's login shell takes the line apart again, so every word is quoted. */
export function remoteCommandLine(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

const mostOutputBytes = 64 * 1024;

/**
 * What is printed is read at once and dropped beyond 64 KiB: the sessions' dropbear ignores a window that is
 * shut, and ssh2 then loses bytes without a word. Rejects with a BaiError.
 */
export function runRemote(client: Client, words: readonly string[], options: RunOptions): Promise<RunResult> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    const interrupt = (): void => reject(new InterruptedError());
    if (signal.aborted) return interrupt();
    const closed = (): void => reject(lost());
    const forget = (): void => {
      signal.removeEventListener('abort', interrupt);
      client.removeListener('close', closed);
    };
    signal.addEventListener('abort', interrupt, { once: true });
    client.once('close', closed);
    client.exec(remoteCommandLine(words), (error, channel) => {
      if (error) {
        forget();
        reject(new ProtocolError('the session runs no programs over this connection', { cause: error }));
      } else collect(channel).finally(forget).then(resolve, reject);
    });
  });
}

function collect(channel: ClientChannel): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let status: number | undefined;
    channel.on('data', (chunk: Buffer) => {
      if (bytes < mostOutputBytes) chunks.push(chunk.subarray(0, mostOutputBytes - bytes));
      bytes += chunk.length;
    });
    channel.stderr.resume();
    channel.on('exit', (code: unknown) => {
      status = typeof code === 'number' ? code : undefined;
    });
    channel.on('error', (cause: Error) => reject(lost(cause)));
    channel.on('close', () => resolve({ status, stdout: Buffer.concat(chunks) }));
    channel.end();
  });
}

function lost(cause?: unknown): UnreachableError {
  return new UnreachableError('the connection to the session was lost', { code: 'connection-lost', cause });
}
