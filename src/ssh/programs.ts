/** Programs of this machine: looked for on PATH, started to go on by themselves, or given a text. */

import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { limitTime } from '../core/time-limit.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Its whole path, or nothing. On Windows only what can be started without a shell: editors' own command lines are batch files
 * there.
 */
export async function findProgram(name: string, environment: Environment): Promise<string | undefined> {
  const file = process.platform === 'win32' && !name.endsWith('.exe') ? `${name}.exe` : name;
  const folders = (environment['PATH'] ?? environment['Path'] ?? '').split(delimiter);
  // Where an empty one means the current folder, that is no place to start programs from.
  for (const folder of folders.filter((each) => each !== '')) {
    const path = join(folder, file);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** Those that open a window and end do so within this time; one that still runs is the window itself. */
const settledMs = 5_000;

/** Whether it was there and has not failed. It gets neither the terminal nor its Ctrl-C, and bai does not wait for its end. */
export async function launch({ program, args, environment, signal }: Launch): Promise<boolean> {
  const path = await findProgram(program, environment);
  if (path === undefined) return false;
  const child = spawn(path, args, { detached: true, stdio: 'ignore', windowsHide: true });
  const ended = new Promise<boolean>((resolve) => {
    child.once('exit', (status) => resolve(status === 0));
    // Such as a script whose interpreter is not there.
    child.once('error', () => resolve(false));
  });
  const done = new AbortController();
  const settled = delay(settledMs, true, { signal: AbortSignal.any([signal, done.signal]) });
  settled.catch(() => {});
  try {
    return await Promise.race([ended, settled]);
  } finally {
    done.abort();
    child.unref();
  }
}

/** A program that takes a text on stdin and keeps what it needs of it, such as one for the clipboard. */
export interface Feeding extends Launch {
  readonly text: string;
}

/** Whether it was there and took the text. Some go on in the background, with the clipboard in their hands. */
export async function feed({ program, args, environment, signal, text }: Feeding): Promise<boolean> {
  const path = await findProgram(program, environment);
  if (path === undefined) return false;
  using limit = limitTime(signal, settledMs);
  // What it prints goes nowhere: whoever holds the clipboard would hold a pipe open too.
  const child = spawn(path, args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    windowsHide: true,
    signal: limit.signal,
  });
  const ended = new Promise<boolean>((resolve) => {
    child.once('exit', (status) => resolve(status === 0));
    child.once('error', () => resolve(false));
  });
  // One that ends early shows it by its status.
  child.stdin.on('error', () => {});
  child.stdin.end(text);
  const took = await ended;
  signal.throwIfAborted();
  return took;
}
