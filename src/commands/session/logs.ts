/** `bai session logs SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { type OwnerFlags, ownerOption, useOwner } from './owner.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('<session>', 'name or id; ended sessions too')
    .addOption(ownerOption())
    .action(async (session: string, flags: OwnerFlags) => {
      useOwner(context, flags);
      const { sessionLogs } = await import('../../services/session/manage-sessions.ts');
      const logs = await sessionLogs(session, await context.tools('sessions'));
      context.reporter.text(logs === '' || logs.endsWith('\n') ? logs : `${logs}\n`);
    });
}
