/** `bai sftp sync LOCAL SESSION:REMOTE` and `bai sftp sync SESSION:REMOTE LOCAL` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parseSyncArguments } from '../../core/sftp/sftp-target.ts';
import { addTransferAccount } from '../app/account.ts';
import {
  addAllOption,
  addFilterOptions,
  filterOnMac,
  readTransferOptions,
  type TransferFlags,
} from './transfer-flags.ts';

interface Flags extends Pick<TransferFlags, 'verify' | 'via' | 'limit'> {
  readonly delete: boolean;
  readonly dryRun: boolean;
  readonly all: boolean;
  readonly checksum: boolean;
}

export function define(command: Command, context: Context): void {
  addTransferAccount(command, context);
  command
    .argument('<source>', 'a folder: a local path, or SESSION:PATH')
    .argument('<target>', 'the folder to mirror it to: SESSION:PATH, or a local path')
    .option('--delete', 'remove from the target what the source does not have', false)
    .option('-c, --checksum', 'compare files of equal size by SHA-256, not by time', false)
    .option('-n, --dry-run', 'move nothing, and show what would be moved', false);
  const rules = addFilterOptions(command);
  addAllOption(command);
  command.action(async (source: string, target: string, flags: Flags) => {
    // Without the source's times the next run could not tell what is new.
    const options = readTransferOptions({ ...flags, preserve: true }, rules);
    const { delete: deletes, dryRun, checksum } = flags;
    const onMac = filterOnMac(flags.all, rules);
    const ends = parseSyncArguments(source, target);
    const request = { ...ends, delete: deletes, dryRun, checksum, options, onMac };
    const { syncFolders } = await import('../../services/sftp/sftp-sync.ts');
    context.exitCode = await syncFolders(request, await context.tools('sftp'));
  });
}
