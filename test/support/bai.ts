/** Runs the built command line as a user would: own HOME, clean environment, real process. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const launcher = fileURLToPath(new URL('../../bin/bai.cjs', import.meta.url));

export interface BaiOptions {
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
}

export interface BaiResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
}

/** Only what a fresh shell has, so that the developer's own settings never leak into a test. */
export function cleanEnvironment({ home, env }: BaiOptions): Record<string, string> {
  // Elsewhere than on Linux the keyring is the developer's own, whatever HOME is.
  const store = process.platform === 'linux' ? {} : { BAI_SECRET_STORE: 'file' };
  return { PATH: process.env['PATH'] ?? '', HOME: home, LANG: 'C.UTF-8', ...store, ...env };
}

export function startBai(args: readonly string[], options: BaiOptions): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [launcher, ...args], {
    env: cleanEnvironment(options),
    cwd: options.cwd ?? options.home,
  });
}

export async function bai(args: readonly string[], options: BaiOptions): Promise<BaiResult> {
  const child = startBai(args, options);
  child.stdin.on('error', () => {});
  child.stdin.end(options.input);
  return finished(child);
}

/** Everything a started process printed, and how it ended (128 + n for a signal is -n here). */
export async function finished(child: ChildProcessWithoutNullStreams): Promise<BaiResult> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const [code, signal]: [number | null, string | null] = (await once(child, 'close')) as [
    number | null,
    string | null,
  ];
  const stdoutBytes = Buffer.concat(stdout);
  const result = {
    code: code ?? (signal === null ? -1 : -2),
    stdout: stdoutBytes.toString(),
    stderr: Buffer.concat(stderr).toString(),
    stdoutBytes,
  };
  // What is killed may stop in the middle of a word.
  if (code !== null) await checkAnswer(child.spawnargs, result);
  return result;
}

/** Every run of bai with --json, whatever the test is about. */
async function checkAnswer([, program = '', ...words]: readonly string[], result: BaiResult): Promise<void> {
  // Another program of this form may speak to a platform of its own.
  if (program !== launcher || !words.some((word) => word.startsWith('--json'))) return;
  const { checkJsonAnswer, isJson } = await import('./json-answers.ts');
  if (isJson(words)) checkJsonAnswer(words, result);
}

/** What bai ends with when it is interrupted by this. */
export function statusOf(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): number {
  return 128 + constants.signals[signal];
}

/** The first match in what a stream of the process prints; rejects when the process ends without it. */
export function untilPrinted(
  child: ChildProcessWithoutNullStreams,
  stream: 'stdout' | 'stderr',
  pattern: RegExp,
): Promise<RegExpExecArray> {
  let seen = '';
  return new Promise((resolve, reject) => {
    child[stream].on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      const match = pattern.exec(seen);
      if (match) resolve(match);
    });
    child.once('close', (code) =>
      reject(new Error(`ended with ${code} before printing ${pattern}; it printed: ${seen}`)),
    );
  });
}

export function pathIn(home: string, ...parts: readonly string[]): string {
  return join(home, ...parts);
}
