/** Runs a batch session's startup command. */

import type { Home } from './home.ts';
import { startShell } from './shell-process.ts';

interface BatchDeps {
  readonly user: string;
  readonly home: Home;
  readonly environment: Readonly<Record<string, string>>;
  /** Ends the command when it aborts. */
  readonly signal: AbortSignal;
  /** Gets what it prints. */
  readonly print: (text: string) => void;
}

export async function runBatch(command: string, deps: BatchDeps): Promise<{ exitCode: number }> {
  const child = startShell({
    ...{ command, user: deps.user, home: deps.home },
    environment: deps.environment,
  });
  const stop = () => child.kill('SIGKILL');
  deps.signal.addEventListener('abort', stop, { once: true });
  child.stdin.end();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', deps.print);
  }
  const end = await child.ended;
  deps.signal.removeEventListener('abort', stop);
  if (end.kind === 'exit' && end.problem !== undefined) deps.print(`${end.problem}\n`);
  return { exitCode: end.kind === 'exit' ? end.code : 137 };
}
