/** `bai config set NAME [VALUE]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('<name>', 'a setting, as `bai config list` names it')
    .argument('[value]', 'its value; a secret is typed or piped instead')
    .action(async (name: string, value: string | undefined) => {
      const { setSetting, settingName } = await import('../../services/configure.ts');
      const tools = await context.tools('configuration');
      await setSetting({ name: settingName(name), value }, tools);
      context.reporter.info(`${name} is stored in profile "${tools.profile}" (${tools.store.path})`);
      context.reporter.result({ name, profile: tools.profile, path: tools.store.path }, '');
    });
}
