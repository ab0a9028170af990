/** `bai profile show [NAME]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command.argument('[name]', 'a profile (default: the current one)').action(async (name?: string) => {
    const { showProfile } = await import('../../services/profiles/profiles.ts');
    const tools = await context.tools('profiles');
    const shown = await showProfile(name, tools);
    context.reporter.info(
      `profile "${shown.name}"${shown.current ? ', the current one' : ''} (${shown.path})`,
    );
    const places = { keyring: tools.keyringTitle, file: 'the file' } as const;
    context.reporter.result(shown, {
      columns: [
        { title: 'SETTING', whole: true },
        { title: 'VALUE', least: 20 },
      ],
      rows: shown.settings.map(({ name: setting, value, secretIn }) => [
        setting,
        secretIn === undefined ? value : `(secret, in ${places[secretIn]})`,
      ]),
    });
  });
}
