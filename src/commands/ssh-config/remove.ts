/** `bai ssh-config remove [--dry-run]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { type DryRunFlags, showChange } from './show-change.ts';

export function define(command: Command, context: Context): void {
  command
    .option('-n, --dry-run', 'write nothing, and show what would change')
    .action(async (flags: DryRunFlags) => {
      const { removeSshConfig } = await import('../../services/ssh/ssh-config.ts');
      const change = await removeSshConfig(
        { dryRun: flags.dryRun === true },
        await context.tools('sshConfig'),
      );
      showChange(change, context.reporter);
    });
}
