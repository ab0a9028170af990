/** `bai app forward SESSION [APP]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { clientPrograms } from '../../core/ssh/client-commands.ts';
import { type PortFlags, portWish, whichOf } from '../shared/options.ts';
import { type AccountFlags, addAccountOptions, useAccount } from './account.ts';
import { forwardAndShow } from './show-forwarded.ts';
import { addWayOptions, useWay, type WayFlags } from './way.ts';

interface Flags extends PortFlags, AccountFlags, WayFlags {
  readonly for?: string;
}

export function define(command: Command, context: Context): void {
  addWayOptions(addAccountOptions(command))
    .argument('<session>', 'name or id')
    .argument('[app]', 'an app of the session, as `bai app list` names it', 'sshd')
    .option(
      '-p, --port <port>',
      'local port; another one when it is taken. With --via proxy, that of the app proxy',
    )
    .option('--strict-port', 'fail when the port is taken')
    .option('--for <program>', `print what to type for one of ${clientPrograms.join(', ')}`)
    .action(async (session: string, app: string, flags: Flags) => {
      useAccount(context, flags);
      useWay(context, flags);
      const program = whichOf('--for', flags.for, clientPrograms);
      await forwardAndShow({ session, app, program, ...portWish(flags) }, context);
    });
}
