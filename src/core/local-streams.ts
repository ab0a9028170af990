/** The streams of the process, as far as anybody may count on them: a terminal has more than a pipe. */

import type { Readable, Writable } from 'node:stream';

export interface LocalInput extends Readable {
  readonly isTTY?: boolean;
  readonly isRaw?: boolean;
  setRawMode?(mode: boolean): unknown;
  ref?(): unknown;
  unref?(): unknown;
}

export interface LocalOutput extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface LocalStreams {
  readonly stdin: LocalInput;
  readonly stdout: LocalOutput;
  readonly stderr: LocalOutput;
}

/** Dispose when the program was started. */
export interface ChildStdio extends Disposable {
  readonly stdio: readonly (number | 'inherit')[];
}
