/** `bai forward stop NAME…` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { UsageError } from '../../errors.ts';

interface Flags {
  readonly all?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument('[names...]', 'names or ids, as `bai forward list` shows them; or of a session, for all of its')
    .option('--all', 'all of them')
    .action(async (names: string[], { all = false }: Flags) => {
      if (all === names.length > 0) throw new UsageError('name the forwards to end, or give --all');
      const { stopForwards } = await import('../../services/forward/manage-forwards.ts');
      const stopped = await stopForwards({ names, all }, await context.tools('forwards'));
      if (stopped.length === 0) context.reporter.info('nothing was forwarded in the background');
      for (const { name } of stopped) context.reporter.info(`forward ${name} has ended`);
      context.reporter.result(
        stopped.map(({ id, name, session }) => ({ id, name, session, stopped: true })),
        '',
      );
    });
}
