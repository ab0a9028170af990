/** This very command once more, in a process that goes on when this one has ended (`-f`). */

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { interruptedBy } from '../errors.ts';
import { openToAppend } from '../files/append-file.ts';
import type { Background, BackgroundStart, BackgroundWish } from '../services/ssh/ssh-programs.ts';
import type { AppParts } from './apps.ts';
import { ownProgram, ownWords } from './process/own-program.ts';

/** Tells the new process what it is for; nobody else sees it. */
const variable = 'BAI_IN_BACKGROUND';
/** Where it says that it has come so far. */
const readyFd = 3;

/** In the new process; nothing in any other. */
export function takeBackground(): Background | undefined {
  const value = process.env[variable];
  if (value === undefined) return undefined;
  delete process.env[variable];
  let isTold = false;
  return {
    id: value === unnamed ? undefined : value,
    ready(said = '') {
      if (isTold) return;
      isTold = true;
      writeSync(readyFd, `${said}\n`);
      closeSync(readyFd);
    },
  };
}

const unnamed = '1';

/**
 * It has a session of its own, so that neither Ctrl-C nor the end of the terminal is for it. A passphrase it can still ask for:
 * it keeps the terminal, unless it has a log. Of pipes it keeps what it prints to, or whoever reads them would wait for it.
 */
export async function startInBackground(
  { prints, log }: BackgroundWish,
  { streams, environment, signal }: AppParts,
): Promise<BackgroundStart> {
  const logFd = log && openToAppend(log.path);
  const isSeen = prints || streams.stderr.isTTY === true;
  const stdio: StdioOptions =
    logFd === undefined
      ? [
          streams.stdin.isTTY === true ? 'inherit' : 'ignore',
          prints ? 'inherit' : 'ignore',
          isSeen ? 'inherit' : 'pipe',
          'pipe',
        ]
      : ['ignore', logFd, logFd, 'pipe'];
  const [program, ...before] = ownProgram();
  const child = spawn(program, [...before, ...ownWords()], {
    detached: true,
    windowsHide: true,
    stdio,
    env: { ...environment, [variable]: log?.id ?? unnamed },
  });
  if (logFd !== undefined) closeSync(logFd);
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
  const said = await Promise.race([lineOf(notice), ended.then(() => undefined)]);
  if (said === undefined) return { status: (await ended)[0] ?? 128 + 15 };
  ended.catch(() => {});
  notice.destroy();
  child.stderr?.destroy();
  child.unref();
  return { pid: child.pid ?? 0, said };
}

/** Never settles where it ends before. */
function lineOf(notice: Readable): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    notice.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (chunk.includes('\n')) resolve(Buffer.concat(chunks).toString('utf8').split('\n', 1)[0] ?? '');
    });
  });
}
