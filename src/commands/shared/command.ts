/** What a command file provides, and what it may use. */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import type { WordsAfterSession } from '../../core/ssh/session-words.ts';

export interface CommandModule {
  /** Adds arguments, options and the action to a command that already has its name and summary. */
  define(command: Command, context: Context): void;
}

export interface CommandEntry {
  /** Words after `bai`: a group and a name, e.g. `session create`, or a name alone. */
  readonly path: string;
  readonly summary: string;
  /** Other names of the last word. */
  readonly aliases?: readonly string[];
  /** Where words follow a session that are not bai's; what they may be. */
  readonly afterSession?: WordsAfterSession;
  /** Changes what is in an account: where there are several profiles, the one that is meant is said. */
  readonly tellsProfile?: true;
  /** What `-q` prints of each entry of the answer: a field of it, behind the field that has the list where the answer is none. */
  readonly ids?: string;
  /** Left out of help. */
  readonly hidden?: boolean;
  load(): Promise<CommandModule>;
}
