/** The process: its streams, its signals, its exit status. */

import { setMaxListeners } from 'node:events';
import { homedir } from 'node:os';
import { InterruptedError } from './errors.ts';
import { run } from './main.ts';
import { takeBackground } from './wiring/background.ts';
import { createContext } from './wiring/context.ts';
import { openStdio } from './wiring/stdio.ts';

declare const BAI_VERSION: string;

const interrupted = new AbortController();
const childHasTerminal = { count: 0 };
const stdio = openStdio();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** For the error that says so, where a thread writes it. */
const lastWordsMs = 200;

// Everything that waits listens to it, and a cluster session may have many containers.
setMaxListeners(0, interrupted.signal);

for (const name of signals) {
  process.on(name, () => {
    if (name === 'SIGINT' && childHasTerminal.count > 0) return;
    // The second time somebody insists: no more cleaning up.
    if (interrupted.signal.aborted) leave(130);
    interrupted.abort(new InterruptedError());
  });
}

/** At once. A write that waits for its reader in a thread keeps Node from exiting, so then the end is that of SIGINT, 130 too. */
function leave(status: number): never {
  for (const name of signals) process.removeAllListeners(name);
  if (interrupted.signal.aborted && stdio.isStuck) process.kill(process.pid, 'SIGINT');
  process.exit(status);
}

// `bai … | head` closes stdout early; what is not wanted any more is no error, but how a command over there ended is not known.
stdio.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') leave(context.exitCode);
  const hint = 'hint: free some space, or send the output elsewhere';
  stdio.stderr.write(`error: the answer could not be written to stdout (${error.code})\n${hint}\n`);
  leave(1);
});

// Nobody listens to the conversation any more; the command itself goes on.
stdio.stderr.on('error', () => {});

const context = createContext({
  stdin: stdio.stdin,
  stdout: stdio.stdout,
  stderr: stdio.stderr,
  stdioForChild: () => stdio.forChild(),
  environment: process.env,
  version: BAI_VERSION,
  signal: interrupted.signal,
  background: takeBackground(),
  leaveInterruptsToChild() {
    childHasTerminal.count += 1;
    return {
      [Symbol.dispose]() {
        childHasTerminal.count -= 1;
      },
    };
  },
});

// Libraries ask for the home folder as they are loaded, and an account without an entry in the password file has none.
try {
  homedir();
} catch {
  process.env['HOME'] = '';
}

// Until the command has said how it ended: a promise that never settles must not look like success.
process.exitCode = 70;
process.exitCode = await run(context, process.argv.slice(2));
// What a slow reader has not taken yet is not waited for after Ctrl-C.
if (interrupted.signal.aborted) {
  await stdio.settle(lastWordsMs);
  leave(process.exitCode);
}
