/** Options of commands that log in: the account, and a key of the user's own. */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export interface AccountFlags {
  readonly user?: string;
  readonly identity?: string;
}

export function addAccountOptions(command: Command): Command {
  return command
    .option('--user <name>', 'the account inside the session (default: work)')
    .option('-i, --identity <file>', "a private key of your own, in place of the session's id_container");
}

export function useAccount(context: Context, flags: AccountFlags): void {
  context.overrideSettings({
    ...(flags.user !== undefined && { user: flags.user }),
    ...(flags.identity !== undefined && { identity: flags.identity }),
  });
}
