/** Programs of a session, and processes of this machine, that the services on SSH start. */

import type { Writable } from 'node:stream';
import type { SshWork } from '../../core/ssh/ssh-arguments.ts';

export interface BuiltinConnection extends AsyncDisposable {
  /** The server as its greeting names it. */
  readonly software: string | undefined;
  /** The exit status; rejects when the connection is lost. What was begun with the login is not run again. */
  run(work: SshWork, output?: ProgramOutput): Promise<number>;
}

export interface FirstRun {
  readonly work: SshWork;
  readonly output?: ProgramOutput | undefined;
  /** Right before the program can print. */
  readonly starting?: (() => void) | undefined;
}

/** In place of this process's own streams. */
export interface ProgramOutput {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

export interface BackgroundWish {
  /** What it prints then is wanted. */
  readonly prints: boolean;
}

export type BackgroundStart = { readonly pid: number } | { readonly status: number };
