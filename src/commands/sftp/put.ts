/** `bai sftp put LOCAL... SESSION:[REMOTE]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { parsePutArguments } from '../../core/sftp-target.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('<paths...>', 'local files, then SESSION:PATH (an empty PATH is the home)')
    .option('-r, --recursive', 'folders with all they hold', false)
    .action(async (args: string[], flags: { recursive: boolean }) => {
      const request = { ...parsePutArguments(args), recursive: flags.recursive };
      const { putFiles } = await import('../../services/sftp-put.ts');
      context.exitCode = await putFiles(request, await context.sftp());
    });
}
