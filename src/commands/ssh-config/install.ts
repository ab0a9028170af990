/** `bai ssh-config install [--dry-run]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { type AccountFlags, addAccountOptions, useAccount } from '../app/account.ts';
import { type DryRunFlags, showChange } from './show-change.ts';

export function define(command: Command, context: Context): void {
  addAccountOptions(command)
    .option('-n, --dry-run', 'write nothing, and show what would change')
    .addHelpText('after', examples)
    .action(async (flags: DryRunFlags & AccountFlags) => {
      useAccount(context, flags);
      const { installSshConfig } = await import('../../services/ssh/ssh-config.ts');
      const change = await installSshConfig(
        { dryRun: flags.dryRun === true },
        await context.tools('sshConfig'),
      );
      showChange(change, context.reporter);
    });
}

const examples = `
Then, for any session:
  ssh demo.bai
  scp -X buffer=32768 data.tar demo.bai:
  rsync -a src/ demo.bai:src/`;
