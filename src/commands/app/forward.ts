/** `bai app forward SESSION [APP]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { type PortFlags, portWish } from '../options.ts';
import { type AccountFlags, addAccountOptions, useAccount } from './account.ts';
import { forwardAndShow } from './show-forwarded.ts';

export function define(command: Command, context: Context): void {
  addAccountOptions(command)
    .argument('<session>', 'name or id')
    .argument('[app]', 'an app of the session, as `bai app list` names it', 'sshd')
    .option('-p, --port <port>', 'local port; a random one when it is taken')
    .option('--strict-port', 'fail when the port is taken')
    .action(async (session: string, app: string, flags: PortFlags & AccountFlags) => {
      useAccount(context, flags);
      await forwardAndShow({ session, app, ...portWish(flags) }, context);
    });
}
