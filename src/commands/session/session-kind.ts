/** What `bai session create` takes depends on the platform: each has options of its own, and reads them itself. */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import type { CreateRequest } from '../../core/session/provider.ts';
import { UsageError } from '../../errors.ts';
import type { AskedSession, AskSessionRequest } from '../../services/session/ask-session.ts';

export interface SessionKind {
  define(this: void, command: Command): void;
  /** Flags are those that `define` and the command declare. */
  read(this: void, start: CreateStart, flags: object, context: Context): Promise<CreateRequest>;
  /** Left out where nobody can be asked for what it needs. */
  readonly asking?: {
    /** What of it the flags and settings say already. */
    wish(this: void, flags: object, context: Context): Promise<AskSessionRequest>;
    /** The answers as options: their attribute names, with values as the command line would give them. */
    flagsOf(this: void, asked: AskedSession): Readonly<Record<string, string | readonly string[]>>;
  };
}

export interface CreateStart {
  /** The argument: an image, an application, an analysis. Nothing: that of the session in `like`. */
  readonly what: string | undefined;
  /** Of the session that it is to be like; flags win over it. */
  readonly like: CreateRequest | undefined;
}

/** The argument, where a session is made from nothing else. */
export function needed(what: string | undefined): string {
  if (what !== undefined) return what;
  throw new UsageError('missing argument [what]', {
    hint: 'say what the session is made from: an image (`bai image list` shows them), of UCloud an application, of Rescale an analysis; on a terminal bai asks for an image',
  });
}
