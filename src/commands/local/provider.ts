/** `--provider` of the commands for what runs on this machine. */

import { type Command, Option } from 'commander';
import type { Context } from '../../context.ts';
import { providerNames } from '../../core/settings/setting-parsers.ts';
import type { LocalManagerState } from '../../services/local/local-manager.ts';

export interface ProviderFlags {
  readonly provider?: string;
}

export function addProvider(command: Command): Command {
  return command.addOption(
    new Option('--provider <name>', `one of ${providerNames.join(', ')} (default: that of the settings)`),
  );
}

export function useProvider(context: Context, { provider }: ProviderFlags): void {
  if (provider !== undefined) context.overrideSettings({ provider });
}

export const usualProvider = 'backend.ai';

/** For JSON, without secrets. */
export function shownState(
  { endpoint, accessKey, release, pid, consoleEndpoint, email }: LocalManagerState,
  provider: string,
): object {
  if (provider !== usualProvider) return { provider, endpoint, pid };
  const console = consoleEndpoint === '' ? {} : { console: { endpoint: consoleEndpoint, email } };
  return { endpoint, accessKey, release, pid, ...console };
}
