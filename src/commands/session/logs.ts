/** `bai session logs SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command.argument('<session>', 'name or id; ended sessions too').action(async (session: string) => {
    const { sessionLogs } = await import('../../services/manage-sessions.ts');
    const logs = await sessionLogs(session, await context.sessions());
    context.reporter.text(logs === '' || logs.endsWith('\n') ? logs : `${logs}\n`);
  });
}
