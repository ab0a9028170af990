/** `bai sftp put LOCAL... SESSION:[REMOTE]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parsePutArguments } from '../../core/sftp/sftp-target.ts';
import { addTransferAccount } from '../app/account.ts';
import {
  addAllOption,
  addTransferOptions,
  filterOnMac,
  readTransferOptions,
  type TransferFlags,
} from './transfer-flags.ts';

interface Flags extends TransferFlags {
  readonly recursive: boolean;
  readonly dryRun: boolean;
  readonly all: boolean;
}

export function define(command: Command, context: Context): void {
  addTransferAccount(command, context);
  command
    .argument('<paths...>', 'local files or patterns (or - for stdin), then SESSION:PATH (no PATH: the home)')
    .option('-r, --recursive', 'put folders recursively', false)
    .option('-n, --dry-run', 'move nothing, and show what would be moved', false);
  const rules = addTransferOptions(command);
  addAllOption(command);
  command.action(async (args: string[], flags: Flags) => {
    const options = readTransferOptions(flags, rules);
    const onMac = filterOnMac(flags.all, rules);
    const { recursive, dryRun } = flags;
    const request = { ...parsePutArguments(args), recursive, dryRun, options, onMac };
    const { putFiles } = await import('../../services/sftp/sftp-put.ts');
    context.exitCode = await putFiles(request, await context.tools('sftp'));
  });
}
