/** This very command once more, in a process that goes on when this one has ended (`-f`). */

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { interruptedBy } from '../errors.ts';
import type { BackgroundStart, BackgroundWish } from '../services/ssh/ssh-programs.ts';
import type { AppParts } from './apps.ts';

/** Tells the new process what it is for; nobody else sees it. */
const variable = 'BAI_IN_BACKGROUND';
/** Where it says that it has come so far. */
const readyFd = 3;

/** In the new process; nothing in any other. */
export function takeBackground(): { ready(): void } | undefined {
  if (process.env[variable] === undefined) return undefined;
  delete process.env[variable];
  let isTold = false;
  return {
    ready() {
      if (isTold) return;
      isTold = true;
      writeSync(readyFd, 'ready');
      closeSync(readyFd);
    },
  };
}

/**
 * It has a session of its own, so that neither Ctrl-C nor the end of the terminal is for it. A passphrase it can still ask for:
 * it keeps the terminal. Of pipes it keeps what it prints to, or whoever reads them would wait for it.
 */
export async function startInBackground(
  { prints }: BackgroundWish,
  { streams, environment, signal }: AppParts,
): Promise<BackgroundStart> {
  const isSeen = prints || streams.stderr.isTTY === true;
  const stdio: StdioOptions = [
    streams.stdin.isTTY === true ? 'inherit' : 'ignore',
    prints ? 'inherit' : 'ignore',
    isSeen ? 'inherit' : 'pipe',
    'pipe',
  ];
  const child = spawn(process.execPath, process.argv.slice(1), {
    detached: true,
    windowsHide: true,
    stdio,
    env: { ...environment, [variable]: '1' },
  });
  child.stderr?.on('data', (chunk: Buffer) => void streams.stderr.write(chunk));
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  try {
    const outcome = await outcomeOf(child);
    // The process is not in the terminal's foreground, and whatever runs in it is ended by SIGTERM alone; it has said so itself.
    return 'status' in outcome && signal.aborted ? { status: interruptedBy(signal).exitCode } : outcome;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function outcomeOf(child: ChildProcess): Promise<BackgroundStart> {
  const notice = child.stdio[readyFd] as Readable;
  const ended = once(child, 'close') as Promise<[number | null]>;
  const isReady = await Promise.race([once(notice, 'data').then(() => true), ended.then(() => false)]);
  if (!isReady) return { status: (await ended)[0] ?? 128 + 15 };
  ended.catch(() => {});
  notice.destroy();
  child.stderr?.destroy();
  child.unref();
  return { pid: child.pid ?? 0 };
}
