/** `bai sftp SESSION` and `bai sftp shell SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import type { Completer } from '../../services/sftp/sftp-shell.ts';
import { addTransferAccount } from '../app/account.ts';

export function define(command: Command, context: Context): void {
  addTransferAccount(command, context);
  command
    .argument('<session>', 'name or id of a running session')
    .option('-b, --batch <file>', 'run the commands in FILE (- for stdin) and stop at the first that fails')
    .action(async (session: string, { batch }: { batch?: string }) => {
      const { runShell } = await import('../../services/sftp/sftp-shell.ts');
      const { batchLines, typedLines } = await import('../../services/sftp/sftp-shell-lines.ts');
      const { stdin, stderr, signal } = context;
      const goesOn = batch === undefined && stdin.isTTY === true;
      const tools = await context.tools('sftp');
      const terminal = { input: stdin, output: stderr, signal };
      const lines = (complete: Completer): AsyncIterable<string> =>
        goesOn ? typedLines(terminal, complete) : batchLines(batch ?? '-', terminal, tools.local);
      context.exitCode = await runShell({ session, lines, goesOn }, tools);
    });
}
