/** `bai profile use NAME` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command.argument('<name>', 'a profile').action(async (name: string) => {
    const { useProfile } = await import('../../services/profiles/profiles.ts');
    const used = await useProfile(name, await context.tools('profiles'));
    context.reporter.info(`profile "${used.profile}" is current`);
    context.reporter.result(used, '');
  });
}
