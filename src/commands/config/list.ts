/** `bai config list` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command
    .option('--wide', 'show whole cells and all columns, however narrow the terminal')
    .action(async (flags: { readonly wide?: boolean }) => {
      const { listSettings } = await import('../../services/configure.ts');
      const tools = await context.tools('configuration');
      const settings = await listSettings(tools);
      if (await tools.hasSeveral()) context.reporter.info(`profile "${tools.profile}"`);
      context.reporter.result(settings, {
        columns: [
          { title: 'SETTING', whole: true },
          { title: 'VALUE', least: 20 },
          { title: 'ORIGIN', least: 16 },
        ],
        wide: flags.wide === true,
        rows: settings.map((each) => [
          each.name,
          each.value ?? (each.isSet ? '(secret)' : undefined),
          each.origin,
        ]),
      });
    });
}
