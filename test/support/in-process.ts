/** A command of bai in the process of the test: it costs no start, and nothing but its own streams and environment is its. */

import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ProcessFacts } from '../../src/context.ts';
import type { LocalInput, LocalOutput } from '../../src/core/local-streams.ts';
import { run } from '../../src/main.ts';
import { createContext } from '../../src/wiring/context.ts';
import { openProvider } from '../../src/wiring/providers.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Streams {
  readonly stdin: LocalInput;
  readonly stdout: LocalOutput;
  readonly stderr: LocalOutput;
}

/** `HOME` stays that of the process: `BAI_HOME` and `BAI_SSH_DIR` have to be in the environment. */
export async function runHere(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal = new AbortController().signal,
): Promise<Ran> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const printed = Promise.all([text(stdout), text(stderr)]);
  const code = await runWith({ stdin, stdout, stderr }, args, { environment, signal });
  stdout.end();
  stderr.end();
  const [out, conversation] = await printed;
  return { code, stdout: out, stderr: conversation };
}

/** Its exit status. */
export function runWith(
  streams: Streams,
  args: readonly string[],
  surroundings: Pick<ProcessFacts, 'environment' | 'signal'>,
): Promise<number> {
  const none = (): Disposable => ({ [Symbol.dispose]: () => {} });
  const context = createContext(
    {
      ...{ ...streams, ...surroundings, version: '0.0.0' },
      stdioForChild: () => ({ stdio: [], ...none() }),
      leaveInterruptsToChild: none,
      takeTimeToEnd: none,
    },
    openProvider,
  );
  return run(context, [...args]);
}
