/** `bai config set NAME [VALUE]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('<name>', 'a setting, as `bai config list` names it')
    .argument('[value]', 'its value; a secret is typed or piped instead')
    .action(async (name: string, value: string | undefined) => {
      const { setSetting, settingName } = await import('../../services/configure.ts');
      const deps = await context.configuration();
      await setSetting({ name: settingName(name), value }, deps);
      context.reporter.info(`${name} is stored in profile "${deps.profile}" (${deps.store.path})`);
      context.reporter.result({ name, profile: deps.profile, path: deps.store.path }, '');
    });
}
