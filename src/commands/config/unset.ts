/** `bai config unset NAME` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command.argument('<name>', 'a setting, as `bai config list` names it').action(async (name: string) => {
    const { settingName, unsetSetting } = await import('../../services/configure.ts');
    const deps = await context.configuration();
    const removed = await unsetSetting(settingName(name), deps);
    context.reporter.info(
      removed
        ? `${name} is removed from profile "${deps.profile}"`
        : `${name} was not set in profile "${deps.profile}"`,
    );
    context.reporter.result({ name, profile: deps.profile, removed }, '');
  });
}
