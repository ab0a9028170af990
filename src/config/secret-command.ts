/** Runs the user's `secretCommand`, which prints a secret. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChildStdio } from '../core/local-streams.ts';
import { windowsProgram } from '../core/program-paths.ts';
import { sanitizeLine } from '../core/text/sanitize.ts';
import { countDown, within } from '../core/time-limit.ts';
import { LocalSystemError } from '../errors.ts';

interface SecretCommandParts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Where somebody sits: it may ask on the terminal. Elsewhere it gets nothing on stdin. */
  readonly terminal: (() => ChildStdio) | undefined;
  /** A line about what lasts. */
  readonly info: (message: string) => void;
  /** What it says on stderr, where it has no terminal for that. */
  readonly warn: (message: string) => void;
  /** Nothing else draws there meanwhile. */
  readonly yieldTerminal: () => Disposable;
  readonly limitMs?: number;
}

/** For a person who looks for a passphrase. */
const usualLimitMs = 120_000;
const tellAfterMs = 1_000;
const mostBytes = 64 * 1024;

/**
 * The first line that it prints. Rejects with a LocalSystemError that names the command by its first word, which is no secret, and
 * never what it printed.
 */
export async function readSecretCommand(command: string, parts: SecretCommandParts): Promise<string> {
  const { signal, info, yieldTerminal, limitMs: ms = usualLimitMs } = parts;
  const name = nameOf(command);
  using _quiet = yieldTerminal();
  const about = `waiting for secretCommand (${name}), at most ${ms / 1000} seconds`;
  using _told = countDown(tellAfterMs, () => info(about));
  const late = (): Error => failed(name, `did not end within ${ms / 1000} seconds`);
  const { status, printed } = await within((until) => run(command, parts, until), { signal, ms, late });
  if (status !== 0) throw failed(name, `failed with status ${status}`);
  const [line = ''] = printed.split(/\r?\n/);
  if (line === '') throw failed(name, 'printed nothing');
  return line;
}

interface Outcome {
  readonly status: number | string;
  readonly printed: string;
}

async function run(command: string, parts: SecretCommandParts, until: AbortSignal): Promise<Outcome> {
  const { environment, terminal, warn } = parts;
  const [program, args] = shellOf(command, environment);
  using own = terminal?.();
  const [stdin = 'ignore', , stderr = 'pipe'] = own?.stdio ?? [];
  const child = spawn(program, args, {
    stdio: [stdin, 'pipe', stderr],
    ...{ env: environment, signal: until, windowsHide: true },
    windowsVerbatimArguments: process.platform === 'win32',
  });
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  const closed = once(child, 'close', { signal: until });
  closed.catch(() => {});
  let printed = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed = (printed + text).slice(0, mostBytes);
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, mostBytes);
  });
  try {
    const [status, killedBy] = await ended;
    // What it has started and left behind may hold the pipe.
    await Promise.race([closed, delay(leftBehindMs, undefined, { signal: until })]);
    return { status: status ?? killedBy ?? 'unknown', printed };
  } finally {
    child.stdout?.destroy();
    child.stderr?.destroy();
    for (const line of said.split('\n').slice(0, mostLines)) if (line.trim() !== '') warn(sanitizeLine(line));
  }
}

const leftBehindMs = 500;
const mostLines = 20;

/** As git runs its helpers. */
function shellOf(
  command: string,
  environment: SecretCommandParts['environment'],
): readonly [program: string, args: readonly string[]] {
  if (process.platform !== 'win32') return ['/bin/sh', ['-c', command]];
  return [windowsProgram('cmd.exe', environment), ['/d', '/s', '/c', `"${command}"`]];
}

/** Its first word: others may be what nobody is to see. */
function nameOf(command: string): string {
  const [word = ''] = command.trim().split(/\s+/);
  return /^[\w./\\:~-]{1,100}$/.test(word) ? word : 'a command of yours';
}

function failed(name: string, what: string): LocalSystemError {
  return new LocalSystemError(`secretCommand (${name}) ${what}`, {
    code: 'secret-command-failed',
    hint: 'run the command by itself: the first line that it prints is taken; `bai config get secretCommand` shows it',
  });
}
