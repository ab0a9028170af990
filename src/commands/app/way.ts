/** Options of commands that go into a session: the way there, and who may use a port that is opened for it. */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { waysIn } from '../../core/allow-from.ts';

export interface WayFlags {
  readonly via?: string;
  readonly allowFrom?: string;
}

export function addWayOptions(command: Command): Command {
  return command
    .option('--via <way>', `the way to the session, one of ${waysIn.join(', ')} (default: manager)`)
    .option(
      '--allow-from <who>',
      'with --via proxy, who may use the port that is opened: everywhere, me, or addresses and networks',
    );
}

export function useWay(context: Context, { via, allowFrom }: WayFlags): void {
  context.overrideSettings({
    ...(via !== undefined && { via }),
    ...(allowFrom !== undefined && { allowFrom }),
  });
}
