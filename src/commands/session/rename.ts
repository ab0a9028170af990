/** `bai session rename SESSION NAME` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('<session>', 'name or id')
    .argument('<name>', 'the new name')
    .action(async (session: string, name: string) => {
      const { renameSession } = await import('../../services/session/manage-sessions.ts');
      const renamed = await renameSession({ session, name }, await context.tools('sessions'));
      context.reporter.result(renamed, `${renamed.name} ${renamed.id}`);
    });
}
