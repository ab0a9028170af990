/** `bai ssh-config print` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { type AccountFlags, addAccountOptions, useAccount } from '../app/account.ts';

export function define(command: Command, context: Context): void {
  addAccountOptions(command).action(async (flags: AccountFlags) => {
    useAccount(context, flags);
    const { renderSshConfig } = await import('../../services/ssh/ssh-config.ts');
    const { text } = await renderSshConfig(await context.tools('sshConfig'));
    context.reporter.text(text);
  });
}
