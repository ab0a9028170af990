/** `bai forward open NAME [APP]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

interface Flags {
  readonly print?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument('<name>', 'name or id, as `bai forward list` shows it')
    .argument('[app]', 'an app or a port of it (default: the first that a browser shows)')
    .option('--print', 'print the address, and start nothing')
    .action(async (name: string, app: string | undefined, flags: Flags) => {
      const { openForward } = await import('../../services/forward/manage-forwards.ts');
      const wanted = { name, app, printOnly: flags.print === true };
      const opened = await openForward(wanted, await context.tools('forwards'));
      context.reporter.result(opened, opened.url);
    });
}
