/** `bai session extend SESSION [--time TIME]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { duration } from '../shared/options.ts';

interface Flags {
  readonly time?: string;
}

export function define(command: Command, context: Context): void {
  command
    .argument('<session>', 'name or id')
    .option(
      '--time <time>',
      'how much more, such as 90m or 2h; without it the session is used for a moment, so that it is not ended for being idle',
    )
    .action(async (session: string, flags: Flags) => {
      const { extendSession } = await import('../../services/session/manage-sessions.ts');
      const request = { session, byMs: duration('--time', flags.time) };
      const extended = await extendSession(request, await context.tools('sessions'));
      const { name, id, expiresAt } = extended;
      context.reporter.result(extended, `${name} ${id} ${expiresAt}`.trim());
    });
}
