/** The process: its streams, its signals, its exit status. */

import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { InterruptedError } from './errors.ts';
import { run } from './main.ts';
import { takeBackground } from './wiring/background.ts';
import { createContext } from './wiring/context.ts';
import { takeGivenVariables } from './wiring/process/given-variables.ts';
import { outlivesTerminal } from './wiring/process/hang-up.ts';
import { openStdio } from './wiring/process/stdio.ts';
import type { OpenProvider } from './wiring/providers.ts';

declare const BAI_VERSION: string;

const interrupted = new AbortController();
const childHasTerminal = { count: 0 };
const takesItsTime = { count: 0 };
const words = takeGivenVariables(process.argv.slice(2), process.env);
const background = takeBackground();
const staysAlive = background?.id !== undefined || outlivesTerminal(process.env, process.ppid);

/** Everything ends by itself before: what was begun is taken back in less. */
const latestEndMs = 1_900;
const stdio = openStdio();
/** Ctrl-Break is one more on Windows; a window that is closed there is a hang-up. */
const signals: readonly NodeJS.Signals[] = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP'] as const),
  ...(process.platform === 'win32' ? (['SIGBREAK'] as const) : []),
];
/** For the error that says so, where a thread writes it. */
const lastWordsMs = 800;

// Everything that waits listens to it, and a cluster session may have many containers.
setMaxListeners(0, interrupted.signal);

let received: NodeJS.Signals = 'SIGINT';
let isOver = false;

for (const name of signals) {
  process.on(name, () => {
    if (name === 'SIGINT' && childHasTerminal.count > 0 && isatty(0)) return;
    if (name === 'SIGHUP' && staysAlive) return;
    const status = 128 + constants.signals[name === 'SIGBREAK' ? 'SIGINT' : name];
    // The others cannot be sent on Windows.
    received = process.platform === 'win32' ? 'SIGTERM' : name;
    // The second time somebody insists: no more cleaning up.
    if (interrupted.signal.aborted || isOver) return leave(status);
    interrupted.abort(new InterruptedError('interrupted', {}, status));
    setTimeout(() => {
      if (takesItsTime.count > 0 || isOver) return;
      stdio.stderr.write('error: interrupted; what was going on did not end in time\n');
      leave(status, 0);
    }, latestEndMs).unref();
  });
}

/** What a busy disk takes for the last bytes. */
const diskMs = 300;
const lookAgainMs = 20;

/**
 * Node waits for its threads, and a pipe that nobody writes to or reads, or a name server that does not answer, holds one for
 * long: then it ends by the signal.
 */
function leave(status: typeof process.exitCode, patienceMs = diskMs): void {
  if (!isThreadBusy()) process.exit(status);
  if (patienceMs > 0) {
    setTimeout(() => leave(status, patienceMs - lookAgainMs), lookAgainMs);
    return;
  }
  process.removeAllListeners(received);
  process.kill(process.pid, received);
}

function isThreadBusy(): boolean {
  return process.getActiveResourcesInfo().some((name) => /^(FSReq|GetAddrInfo)/.test(name));
}

function counting(counter: { count: number }): () => Disposable {
  return () => {
    counter.count += 1;
    return {
      [Symbol.dispose]() {
        counter.count -= 1;
      },
    };
  };
}

// Nobody listens to the conversation any more; the command itself goes on.
stdio.stderr.on('error', () => {});

/** Runs the command of this process, and sets its exit status. */
export async function runProcess(openProvider: OpenProvider): Promise<void> {
  const context = createContext(
    {
      stdin: stdio.stdin,
      stdout: stdio.stdout,
      stderr: stdio.stderr,
      stdioForChild: () => stdio.forChild(),
      environment: process.env,
      version: BAI_VERSION,
      signal: interrupted.signal,
      leaveInterruptsToChild: counting(childHasTerminal),
      takeTimeToEnd: counting(takesItsTime),
      background,
    },
    openProvider,
  );
  endWithStdout(context);
  // Until the command has said how it ended: a promise that never settles must not look like success.
  process.exitCode = 70;
  process.exitCode = await run(context, words);
  isOver = true;
  // What a slow reader has not taken yet is not waited for after Ctrl-C.
  if (interrupted.signal.aborted) {
    await stdio.settle(lastWordsMs);
    leave(process.exitCode);
  }
}

/** `bai … | head` closes stdout early; what is not wanted any more is no error, but how a command over there ended is not known. */
function endWithStdout(context: { readonly exitCode: number }): void {
  stdio.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // At once: what ends with stdout would complain.
    if (error.code === 'EPIPE') process.exit(context.exitCode);
    const hint = 'hint: free some space, or send the output elsewhere';
    stdio.stderr.write(`error: the answer could not be written to stdout (${error.code})\n${hint}\n`);
    void stdio.settle(lastWordsMs).then(() => process.exit(1));
  });
}
