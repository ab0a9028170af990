/** `bai sftp get SESSION:REMOTE... [LOCAL]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parseGetArguments } from '../../core/sftp/sftp-target.ts';
import { addTransferAccount } from '../app/account.ts';
import { addTransferOptions, readTransferOptions, type TransferFlags } from './transfer-flags.ts';

interface Flags extends TransferFlags {
  readonly recursive: boolean;
  readonly dryRun: boolean;
}

export function define(command: Command, context: Context): void {
  addTransferAccount(command, context);
  command
    .argument(
      '<paths...>',
      'SESSION:PATH (or a quoted pattern) once or more, then a local file or folder (default: the current one), or - for stdout',
    )
    .option('-r, --recursive', 'get folders recursively', false)
    .option('-n, --dry-run', 'move nothing, and show what would be moved', false);
  const rules = addTransferOptions(command);
  command.action(async (args: string[], flags: Flags) => {
    const options = readTransferOptions(flags, rules);
    const request = { ...parseGetArguments(args), recursive: flags.recursive, dryRun: flags.dryRun, options };
    const { getFiles } = await import('../../services/sftp/sftp-get.ts');
    context.exitCode = await getFiles(request, await context.tools('sftp'));
  });
}
