/** Programs of this machine: looked for on PATH, started to go on by themselves, or given a text. */

import { execFile, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { programPaths } from '../core/program-paths.ts';
import { limitTime } from '../core/time-limit.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Its whole path, or nothing: see `programPaths`. */
export function findProgram(name: string, environment: Environment): string | undefined {
  return programPaths(name, { environment, platform: process.platform }).find(isProgram);
}

/** Of a name or a whole path, for `spawn`, which tells what is not there: it then gets a path where nothing is. */
export function programPath(program: string, environment: Environment): string {
  return isAbsolute(program) ? program : (findProgram(program, environment) ?? join(nowhere, program));
}

const nowhere = resolve('/not-found-on-PATH');

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** Those that open a window and end do so within this time; one that still runs is the window itself. */
const settledMs = 5_000;

/** Whether it was there and has not failed. It gets neither the terminal nor its Ctrl-C, and bai does not wait for its end. */
export async function launch({ program, args, environment, signal }: Launch): Promise<boolean> {
  const path = isAbsolute(program) ? program : findProgram(program, environment);
  if (path === undefined || !isProgram(path)) return false;
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

/** Of a program that only looks something up. It may start others by itself, which may never end. */
export const lookUpMs = 5_000;
const mostLookedUpBytes = 1024 * 1024;

/** What it prints; nothing where it is not there. Rejects as `execFile` does, also when it takes too long. */
export async function lookUp({ program, args, environment, signal }: Launch): Promise<string | undefined> {
  const path = findProgram(program, environment);
  if (path === undefined) return undefined;
  const limits = { timeout: lookUpMs, maxBuffer: mostLookedUpBytes, killSignal: 'SIGKILL' as const };
  const asked = promisify(execFile)(path, args, { ...limits, env: { ...environment }, signal });
  // It gets no question answered.
  asked.child.stdin?.end();
  return (await asked).stdout;
}

/** A program that takes a text on stdin and keeps what it needs of it, such as one for the clipboard. */
interface Feeding extends Launch {
  readonly text: string;
}

/** Whether it was there and took the text. Some go on in the background, with the clipboard in their hands. */
export async function feed({ program, args, environment, signal, text }: Feeding): Promise<boolean> {
  const path = findProgram(program, environment);
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
