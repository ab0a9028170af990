/** Runs a program of this machine for what it prints: it gets a text on stdin, and neither the terminal nor for ever. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { within } from '../core/time-limit.ts';
import { systemCode } from '../errors.ts';

interface ProgramAnswer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Limits {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly ms: number;
  readonly late: () => Error;
}

/** More than any secret. */
const mostBytes = 64 * 1024;

/** Nothing where it could not be started. What it prints beyond all measure is dropped. */
export async function runQuietly(
  program: string,
  { args, input }: { readonly args: readonly string[]; readonly input: string },
  { environment, signal, ms, late }: Limits,
): Promise<ProgramAnswer | undefined> {
  const run = (until: AbortSignal): Promise<ProgramAnswer | undefined> =>
    answerOf(program, args, { input, environment, until });
  return within(run, { signal, ms, late });
}

async function answerOf(
  program: string,
  args: readonly string[],
  {
    input,
    environment,
    until,
  }: { readonly input: string; readonly environment: Limits['environment']; readonly until: AbortSignal },
): Promise<ProgramAnswer | undefined> {
  const child = spawn(program, args, {
    ...{ stdio: 'pipe', windowsHide: true, env: environment },
    ...{ signal: until, killSignal: 'SIGKILL' },
  });
  // Another program that it started may hold the pipes, and nobody waits for that one.
  until.addEventListener('abort', () => {
    child.stdout.destroy();
    child.stderr.destroy();
  });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      printed[name] = (printed[name] + text).slice(0, mostBytes);
    });
  // It may end before it has read everything.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  try {
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, ...printed };
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOEXEC'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
