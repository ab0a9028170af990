/** `bai local down` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { addProvider, type ProviderFlags, useProvider } from './provider.ts';

interface Flags extends ProviderFlags {
  readonly yes?: boolean;
}

export function define(command: Command, context: Context): void {
  addProvider(command.option('-y, --yes', 'do not ask')).action(async (flags: Flags) => {
    useProvider(context, flags);
    const { localDown } = await import('../../services/local/local-manager.ts');
    const isConfirmed = flags.yes === true;
    const stopped = await localDown({ isConfirmed }, await context.tools('localManager'));
    context.reporter.info(
      stopped ? 'the local manager and its sessions have ended' : 'no local manager was running',
    );
    context.reporter.result({ stopped }, '');
  });
}
