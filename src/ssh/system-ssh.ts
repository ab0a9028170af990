/** Runs the system's OpenSSH client. */

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { ChildStdio, LocalStreams } from '../core/local-streams.ts';
import { milestone } from '../core/milestones.ts';
import { connectionFailed } from '../core/ssh/ssh-client.ts';
import { interruptedBy, LocalSystemError, reasonOf, systemCode } from '../errors.ts';
import { stopWith } from './job-control.ts';
import { programPath } from './programs.ts';
import { stty, terminalReset } from './terminal.ts';

interface RunOptions {
  /** Name or path of the program; never a shell string. */
  readonly program: string;
  /** Where it is looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly terminal: Pick<LocalStreams, 'stdin' | 'stdout'> & {
    /** ssh makes pipes non-blocking, and whoever else has them would find them so. */
    stdioForChild(): ChildStdio;
  };
}

/** The program's exit status, or 128 + n when signal n ended it; rejects when bai itself was interrupted. The terminal is the program's while it runs. */
export async function runSsh(args: readonly string[], options: RunOptions): Promise<number> {
  const { program, environment, signal, terminal } = options;
  if (signal.aborted) throw reasonOf(signal);
  const settings = terminal.stdin.isTTY ? stty(['-g'], environment) : undefined;
  const child = start(args, options);
  using _stops = stopWith(child, environment);
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(notStarted(program, error)));
      child.once('exit', (code, name) =>
        resolve(code ?? 128 + (name === null ? 0 : constants.signals[name])),
      );
    });
    const isKilled = child.signalCode !== null;
    if (isKilled && settings !== undefined) stty([settings], environment);
    // Perhaps in the middle of a program that draws on the screen.
    if ((isKilled || status === connectionFailed) && terminal.stdout.isTTY)
      terminal.stdout.write(terminalReset);
    // ssh itself says 255 of every signal.
    if (signal.aborted) throw interruptedBy(signal);
    return status;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function start(args: readonly string[], { program, environment, terminal }: RunOptions): ChildProcess {
  using own = terminal.stdioForChild();
  milestone('ssh', () => `the system's client: ${program}`);
  return spawn(programPath(program, environment), args, { stdio: [...own.stdio] });
}

function notStarted(program: string, cause: Error): unknown {
  if (systemCode(cause) !== 'ENOENT') return cause;
  return new LocalSystemError(`the program "${program}" is not on this machine`, {
    code: 'no-ssh',
    hint: 'install the OpenSSH client, or use `bai ssh SESSION --no-client` with a client of your own',
    cause,
  });
}
