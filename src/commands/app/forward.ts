/** `bai app forward SESSION [APP]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { clientPrograms } from '../../core/ssh/client-commands.ts';
import { type PortFlags, portWish, whichOf } from '../shared/options.ts';
import { type AccountFlags, addAccountOptions, useAccount } from './account.ts';
import { forwardAndShow } from './show-forwarded.ts';

interface Flags extends PortFlags, AccountFlags {
  readonly for?: string;
}

export function define(command: Command, context: Context): void {
  addAccountOptions(command)
    .argument('<session>', 'name or id')
    .argument('[app]', 'an app of the session, as `bai app list` names it', 'sshd')
    .option('-p, --port <port>', 'local port; a random one when it is taken')
    .option('--strict-port', 'fail when the port is taken')
    .option('--for <program>', `print what to type for ${clientPrograms.join(', ')}`)
    .action(async (session: string, app: string, flags: Flags) => {
      useAccount(context, flags);
      const program = whichOf('--for', flags.for, clientPrograms);
      await forwardAndShow({ session, app, program, ...portWish(flags) }, context);
    });
}
