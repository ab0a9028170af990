/** `bai exec SESSION [--node NAME …|--all-nodes] COMMAND` */

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { connectionFailed } from '../core/ssh/ssh-client.ts';
import { UsageError } from '../errors.ts';
import { type AccountFlags, addAccountOptions, useAccount } from './app/account.ts';
import { collect } from './shared/options.ts';

interface Flags extends AccountFlags {
  readonly node?: string[];
  readonly allNodes?: boolean;
  /** False after -n. */
  readonly stdin: boolean;
}

export function define(command: Command, context: Context): void {
  addAccountOptions(command)
    .argument('<session>', 'name or id')
    .argument('[command...]', 'the command, joined with spaces for the login shell over there')
    .option(
      '--node <name>',
      'a container of a cluster session, such as sub1 (repeatable; default: main1)',
      collect,
    )
    .option('--all-nodes', 'in all containers at the same time')
    .option('-n, --no-stdin', 'leave stdin alone: in a loop the command would read what the loop is to read')
    .addHelpText('after', examples)
    .action(async (session: string, words: string[], { node = [], allNodes = false, ...flags }: Flags) => {
      if (allNodes && node.length > 0) throw new UsageError('--node and --all-nodes cannot be used together');
      useAccount(context, flags);
      const { execCommand } = await import('../services/ssh/exec-command.ts');
      const nodes = allNodes ? ('all' as const) : node;
      const request = { session, nodes, command: words, readsNothing: !flags.stdin };
      // Until the command over there has said how it ended.
      context.exitCode = connectionFailed;
      const { status, answer } = await execCommand(request, await context.tools('exec'));
      if (answer !== undefined) context.reporter.result(answer, '');
      context.exitCode = status;
    });
}

const examples = `
One container: its output as it comes, and stdin goes to the command. Several:
lines labelled with the container, no stdin, and the worst exit status. bai's
own options come before the command; a \`--\` between them is optional.

Examples:
  bai exec demo nvidia-smi
  bai exec demo --node sub1 "cd src && make"
  bai exec demo --all-nodes hostname
  while read -r name; do bai exec -n demo process "$name"; done < names.txt
  Get-Content names.txt | ForEach-Object { bai exec -n demo process $_ }   # PowerShell`;
