/** `bai sftp speedtest SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { addTransferAccount } from '../app/account.ts';
import { seconds } from '../shared/options.ts';

export function define(command: Command, context: Context): void {
  addTransferAccount(command, context);
  command
    .argument('<session>', 'name or id of a running session')
    .option('--seconds <n>', 'how long each rate is measured for', '1')
    .action(async (session: string, flags: { readonly seconds: string }) => {
      const request = { session, stepMs: seconds('--seconds', flags.seconds) ?? 1000 };
      const { testSpeed } = await import('../../services/sftp/sftp-speedtest.ts');
      await testSpeed(request, await context.tools('speedTest'));
    });
}
