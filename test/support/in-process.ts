/** A command of bai in the process of the test: it costs no start, and nothing but its own streams and environment is its. */

import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { run } from '../../src/main.ts';
import { createContext } from '../../src/wiring/context.ts';
import { openProvider } from '../../src/wiring/providers.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `HOME` stays that of the process: `BAI_HOME` and `BAI_SSH_DIR` have to be in the environment. */
export async function runHere(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal = new AbortController().signal,
): Promise<Ran> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const printed = Promise.all([text(stdout), text(stderr)]);
  const none = (): Disposable => ({ [Symbol.dispose]: () => {} });
  const context = createContext(
    {
      ...{ stdin, stdout, stderr, environment, signal, version: '0.0.0' },
      stdioForChild: () => ({ stdio: [], ...none() }),
      leaveInterruptsToChild: none,
      takeTimeToEnd: none,
    },
    openProvider,
  );
  const code = await run(context, [...args]);
  stdout.end();
  stderr.end();
  const [out, conversation] = await printed;
  return { code, stdout: out, stderr: conversation };
}
