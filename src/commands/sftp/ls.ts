/** `bai sftp ls SESSION[:PATH]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parseOnePath } from '../../core/sftp/sftp-target.ts';
import { addTransferAccount } from '../app/account.ts';

interface Flags {
  readonly long: boolean;
  readonly all: boolean;
}

export function define(command: Command, context: Context): void {
  addTransferAccount(command, context);
  command
    .argument('<path...>', 'SESSION, SESSION:PATH or SESSION PATH')
    .option('-l, --long', 'show mode, size and time', false)
    .option('-a, --all', 'include names that begin with a dot', false)
    .action(async (args: string[], { long, all }: Flags) => {
      const request = { ...parseOnePath(args, 'ls'), long, all };
      const { listFiles } = await import('../../services/sftp/sftp-list.ts');
      await listFiles(request, await context.tools('sftp'));
    });
}
