/** `bai sftp mkdir SESSION:PATH...` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parsePathArguments } from '../../core/sftp/sftp-target.ts';
import { addTransferAccount } from '../app/account.ts';

export function define(command: Command, context: Context): void {
  addTransferAccount(command, context);
  command
    .argument('<paths...>', 'SESSION:PATH one or more times, or SESSION PATH and more')
    .option('-p, --parents', 'make parent folders too; no error if it exists', false)
    .action(async (args: string[], flags: { parents: boolean }) => {
      const request = { ...parsePathArguments(args), parents: flags.parents };
      const { makeFolders } = await import('../../services/sftp/sftp-mkdir.ts');
      context.exitCode = await makeFolders(request, await context.tools('sftp'));
    });
}
