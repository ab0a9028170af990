/** The platforms that bai speaks to: one line each. */

import type { Environment } from '../context.ts';
import type { Reporter } from '../core/reporter.ts';
import type { Provider } from '../core/session/provider.ts';
import type { ProviderName } from '../core/settings/setting-parsers.ts';
import { type Settings, settingValue } from '../core/settings/settings.ts';

export interface ProviderOptions {
  readonly version: string;
  readonly reporter: Reporter;
  /** Where proxies are named and programs are looked for; that of `--env-file` below it. */
  readonly environment: Environment;
  readonly processEnvironment: Environment;
  /** For an administrator: whose sessions are meant. */
  readonly owner?: string | undefined;
}

export type OpenProvider = (settings: Settings, options: ProviderOptions) => Promise<Provider>;

/** Each is imported when it is first needed: start-up pays for none. */
const providers: Readonly<Record<ProviderName, () => Promise<OpenProvider>>> = {
  'backend.ai': async () => (await import('./backend-ai.ts')).openBackendAi,
  ucloud: async () => (await import('./ucloud.ts')).openUcloud,
  rescale: async () => (await import('./rescale.ts')).openRescale,
};

export const openProvider: OpenProvider = async (settings, options) => {
  const open = await providers[settingValue(settings, 'provider')]();
  return open(settings, options);
};
