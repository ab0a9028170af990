/** `bai local status` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { addProvider, type ProviderFlags, useProvider, usualProvider } from './provider.ts';

export function define(command: Command, context: Context): void {
  addProvider(command).action(async (flags: ProviderFlags) => {
    useProvider(context, flags);
    const { localStatus } = await import('../../services/local/local-manager.ts');
    const { endpoint, release, pid, accessKey } = await localStatus(await context.tools('localManager'));
    const provider = (await context.settings()).provider.value ?? '';
    const isUsual = provider === usualProvider;
    context.reporter.result(
      isUsual ? { endpoint, release, pid, accessKey } : { provider, endpoint, pid },
      `${endpoint} (${isUsual ? `release ${release}` : provider}, process ${pid})`,
    );
  });
}
