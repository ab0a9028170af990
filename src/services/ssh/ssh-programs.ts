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
  /** It asks nothing, writes to this file what it would print, and is known by the id. */
  readonly log?: { readonly path: string; readonly id: string };
}

/** In the new process. */
export interface Background {
  /** Nothing for one that was started without. */
  readonly id: string | undefined;
  /** It has come so far; a line for the one that has started it. */
  ready(said?: string): void;
}

/** `said`: the line that it was ready with. */
export type BackgroundStart = { readonly pid: number; readonly said: string } | { readonly status: number };
