/** `bai sftp stat SESSION:PATH` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parseOnePath } from '../../core/sftp/sftp-target.ts';
import { addTransferAccount } from '../app/account.ts';

export function define(command: Command, context: Context): void {
  addTransferAccount(command, context);
  command.argument('<path...>', 'SESSION:PATH or SESSION PATH').action(async (args: string[]) => {
    const request = parseOnePath(args, 'stat');
    const { statFile } = await import('../../services/sftp/sftp-stat.ts');
    await statFile(request, await context.tools('sftp'));
  });
}
