/** `bai sftp mv SESSION:OLD SESSION:NEW` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parseMoveArguments } from '../../core/sftp/sftp-target.ts';
import { addTransferAccount } from '../app/account.ts';

export function define(command: Command, context: Context): void {
  addTransferAccount(command, context);
  command
    .argument('<paths...>', 'SESSION:OLD SESSION:NEW, SESSION:OLD NEW or SESSION OLD NEW')
    .action(async (args: string[]) => {
      const request = parseMoveArguments(args);
      const { moveFile } = await import('../../services/sftp/sftp-move.ts');
      await moveFile(request, await context.tools('sftp'));
    });
}
