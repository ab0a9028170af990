/** `bai sftp get SESSION:REMOTE... [LOCAL]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parseGetArguments } from '../../core/sftp-target.ts';

export function define(command: Command, context: Context): void {
  command
    .argument(
      '<paths...>',
      'SESSION:PATH once or more, then a local file or folder (default: the current one)',
    )
    .option('-r, --recursive', 'folders with all they hold', false)
    .action(async (args: string[], flags: { recursive: boolean }) => {
      const request = { ...parseGetArguments(args), recursive: flags.recursive };
      const { getFiles } = await import('../../services/sftp-get.ts');
      context.exitCode = await getFiles(request, await context.sftp());
    });
}
