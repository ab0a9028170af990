/** `bai config list` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command.action(async () => {
    const { listSettings } = await import('../../services/configure.ts');
    const settings = await listSettings(await context.configuration());
    context.reporter.result(settings, {
      columns: ['SETTING', 'VALUE', 'ORIGIN'],
      rows: settings.map((each) => [
        each.name,
        each.value ?? (each.isSet ? '(secret)' : undefined),
        each.origin,
      ]),
    });
  });
}
