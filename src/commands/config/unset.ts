/** `bai config unset NAME` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command.argument('<name>', 'a setting, as `bai config list` names it').action(async (name: string) => {
    const { settingName, unsetSetting } = await import('../../services/configure.ts');
    const tools = await context.tools('configuration');
    const removed = await unsetSetting(settingName(name), tools);
    context.reporter.info(
      removed
        ? `${name} is removed from profile "${tools.profile}"`
        : `${name} was not set in profile "${tools.profile}"`,
    );
    context.reporter.result({ name, profile: tools.profile, removed }, '');
  });
}
