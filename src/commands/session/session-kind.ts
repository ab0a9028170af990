/** What `bai session create` takes depends on the platform: each has options of its own, and reads them itself. */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import type { CreateRequest } from '../../core/session/provider.ts';

export interface SessionKind {
  define(this: void, command: Command): void;
  /** `what` is the argument: an image, an application, an analysis. Flags are those that `define` and the command declare. */
  read(this: void, what: string, flags: object, context: Context): Promise<CreateRequest>;
}
