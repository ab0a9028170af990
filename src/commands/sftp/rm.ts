/** `bai sftp rm SESSION:PATH...` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parsePathArguments } from '../../core/sftp/sftp-target.ts';
import { addTransferAccount } from '../app/account.ts';

export function define(command: Command, context: Context): void {
  addTransferAccount(command, context);
  command
    .argument('<paths...>', 'SESSION:PATH one or more times, or SESSION PATH and more')
    .option('-r, --recursive', 'remove folders recursively', false)
    .action(async (args: string[], flags: { recursive: boolean }) => {
      const request = { ...parsePathArguments(args), recursive: flags.recursive };
      const { removeFiles } = await import('../../services/sftp/sftp-remove.ts');
      context.exitCode = await removeFiles(request, await context.tools('sftp'));
    });
}
