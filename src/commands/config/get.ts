/** `bai config get NAME` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command.argument('<name>', 'a setting, as `bai config list` names it').action(async (name: string) => {
    const { getSetting, settingName } = await import('../../services/configure.ts');
    const shown = await getSetting(settingName(name), await context.tools('configuration'));
    context.reporter.info(`from ${shown.origin}`);
    context.reporter.result(shown, shown.value ?? '(secret)');
  });
}
