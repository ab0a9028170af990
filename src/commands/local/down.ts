/** `bai local down` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { addProvider, type ProviderFlags, useProvider } from './provider.ts';

export function define(command: Command, context: Context): void {
  addProvider(command).action(async (flags: ProviderFlags) => {
    useProvider(context, flags);
    const { localDown } = await import('../../services/local/local-manager.ts');
    const stopped = await localDown(await context.tools('localManager'));
    context.reporter.info(
      stopped ? 'the local manager and its sessions have ended' : 'no local manager was running',
    );
    context.reporter.result({ stopped }, '');
  });
}
