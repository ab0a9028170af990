/** The composition root: builds what services ask for out of the edges, each only when it is needed. */

import type { Reporter } from './core/reporter.ts';

export interface Context {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP; every wait of bai ends with it. */
  readonly signal: AbortSignal;
  /** Made from the global flags, so it is there once a command's action runs. */
  readonly reporter: Reporter;
  /** The exit status when no error is thrown; `app ssh` sets that of ssh. */
  exitCode: number;
}
