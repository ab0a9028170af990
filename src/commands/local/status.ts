/** `bai local status` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { addProvider, type ProviderFlags, shownState, useProvider, usualProvider } from './provider.ts';

export function define(command: Command, context: Context): void {
  addProvider(command).action(async (flags: ProviderFlags) => {
    useProvider(context, flags);
    const { localStatus } = await import('../../services/local/local-manager.ts');
    const state = await localStatus(await context.tools('localManager'));
    const provider = (await context.settings()).provider.value ?? '';
    const { endpoint, release, pid, consoleEndpoint } = state;
    const what = provider === usualProvider ? `release ${release}` : provider;
    const console = consoleEndpoint === '' ? '' : `, console ${consoleEndpoint}`;
    context.reporter.result(shownState(state, provider), `${endpoint} (${what}, process ${pid}${console})`);
  });
}
