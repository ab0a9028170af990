/** What this layer needs of an SSH connection; `src/ssh/` supplies it. */

import type { Readable, Writable } from 'node:stream';
import type { SFTPWrapper } from 'ssh2';
import type { NewPart } from '../../core/sftp/look-ahead.ts';

export interface SftpConnection extends AsyncDisposable {
  readonly sftp: SFTPWrapper;
  /**
   * Rejects with a BaiError when the connection is lost and never resolves; a catch is already attached.
   * ssh2 answers no request after that, so every wait has to end with this promise too.
   */
  readonly lost: Promise<never>;
  /** A first guess at the round trip, from the opening of the channel. */
  readonly roundTripMs?: number;
  /** How many questions of the channel were answered by what had been asked with its greeting. */
  readonly givenAhead?: () => number;
  /** What `sftp` was asked to make with its greeting, until it is opened by the same request; its answer is there already. */
  readonly partAhead?: () => NewPart | undefined;
  /** What both directions are encrypted with, where both are with the same. */
  readonly cipher?: string | undefined;
  /** How many bytes the channel may send before the server has to grant more. */
  readonly windowBytes?: () => number | undefined;
  /** One more SFTP channel: the server keeps a window for each. Rejects with a BaiError. */
  readonly openChannel?: () => Promise<SFTPWrapper>;
  /**
   * Runs a program of the session that prints no more than 64 KiB; its words reach it as they are. Rejects with a BaiError,
   * also where it prints on or is silent for too long.
   */
  run?(words: readonly string[], options: RunOptions): Promise<RunResult>;
  /**
   * The same, its input and output as streams. While nobody reads its output the whole connection stands still:
   * its reader must never wait for an answer that comes over the same connection.
   */
  start?(words: readonly string[], options: ProgramOptions): Promise<RemoteProgram>;
}

interface SilenceOptions {
  readonly signal: AbortSignal;
  /** How long it may neither print nor take anything, unless it is the reader who keeps it waiting. */
  readonly stallMs?: number;
}

export interface RunOptions extends SilenceOptions {
  /** All of its input; until it is there the program is not expected to do anything. Nothing when left out. */
  readonly input?: Promise<string>;
}

export interface RunResult {
  /** Nothing when a signal ended the program. */
  readonly status: number | undefined;
  readonly stdout: Buffer;
}

export interface ProgramOptions extends SilenceOptions {
  /** Whether it is this side that has something to say first. */
  readonly isWaiting?: () => boolean;
}

/** Disposal ends it. */
export interface RemoteProgram extends Disposable {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Rejects with a BaiError when the connection is lost, on Ctrl-C and when it stalls; a catch is attached. */
  readonly ended: Promise<ProgramEnd>;
}

export interface ProgramEnd {
  /** Nothing when a signal ended the program. */
  readonly status: number | undefined;
  /** What it printed on stderr, sanitised and cut off after 16 KiB. */
  readonly stderr: string;
}
