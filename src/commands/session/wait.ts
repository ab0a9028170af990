/** `bai session wait SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { seconds } from '../shared/options.ts';
import { type OwnerFlags, ownerOption, useOwner } from './owner.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('<session>', 'name or id')
    .addOption(ownerOption())
    .option('--timeout <seconds>', 'stop waiting after this time')
    .action(async (session: string, flags: OwnerFlags & { readonly timeout?: string }) => {
      useOwner(context, flags);
      const { waitForRunning } = await import('../../services/session/manage-sessions.ts');
      const request = { session, timeoutMs: seconds('--timeout', flags.timeout) };
      const { id, name, status } = await waitForRunning(request, await context.tools('sessions'));
      context.reporter.result({ id, name, status }, `${name} ${id}`);
    });
}
