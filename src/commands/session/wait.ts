/** `bai session wait SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { seconds } from '../options.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('<session>', 'name or id')
    .option('--timeout <seconds>', 'stop waiting after this time')
    .action(async (session: string, flags: { readonly timeout?: string }) => {
      const { waitForRunning } = await import('../../services/manage-sessions.ts');
      const request = { session, timeoutMs: seconds('--timeout', flags.timeout) };
      const { id, name, status } = await waitForRunning(request, await context.sessions());
      context.reporter.result({ id, name, status }, `${name} ${id}`);
    });
}
