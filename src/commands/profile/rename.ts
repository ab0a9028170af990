/** `bai profile rename NAME NEW-NAME` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('<name>', 'a profile')
    .argument('<new-name>', 'what it is called from now on')
    .action(async (name: string, newName: string) => {
      const { renameProfile } = await import('../../services/profiles/profiles.ts');
      await renameProfile({ name, newName }, await context.tools('profiles'));
      context.reporter.info(`profile "${name}" is called "${newName}" now`);
      context.reporter.result({ profile: newName, previous: name }, '');
    });
}
