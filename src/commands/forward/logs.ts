/** `bai forward logs NAME` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { wholeNumber } from '../shared/options.ts';

interface Flags {
  readonly follow?: boolean;
  readonly tail?: string;
}

export function define(command: Command, context: Context): void {
  command
    .argument('<name>', 'name or id, as `bai forward list` shows it')
    .option('-f, --follow', 'go on with what is new until the forward ends, or Ctrl-C')
    .option('-n, --tail <lines>', 'only so many of the last lines')
    .action(async (name: string, flags: Flags) => {
      const { forwardLogs } = await import('../../services/forward/manage-forwards.ts');
      const tail = wholeNumber('--tail', flags.tail, 0);
      await forwardLogs({ name, tail, follow: flags.follow === true }, await context.tools('forwards'));
    });
}
