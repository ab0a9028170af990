/** `bai session logs SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { untilInterrupted } from '../shared/follow.ts';
import { wholeNumber } from '../shared/options.ts';
import { type OwnerFlags, ownerOption, useOwner } from './owner.ts';

interface Flags extends OwnerFlags {
  readonly follow?: boolean;
  readonly tail?: string;
}

export function define(command: Command, context: Context): void {
  command
    .argument('<session>', 'name or id; ended sessions too')
    .option('-f, --follow', 'go on with what is new until the session ends, or Ctrl-C')
    .option('-n, --tail <lines>', 'only so many of the last lines')
    .addOption(ownerOption())
    .action(async (session: string, flags: Flags) => {
      useOwner(context, flags);
      const { followLogs, sessionLogs } = await import('../../services/session/session-logs.ts');
      const request = { session, tail: wholeNumber('--tail', flags.tail, 0) };
      const tools = await context.tools('sessions');
      if (flags.follow) return await untilInterrupted(context, followLogs(request, tools));
      const logs = await sessionLogs(request, tools);
      context.reporter.text(logs === '' || logs.endsWith('\n') ? logs : `${logs}\n`);
    });
}
