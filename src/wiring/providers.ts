/** The platforms that bai speaks to: one line each. */

import type { Environment } from '../context.ts';
import type { Reporter } from '../core/reporter.ts';
import type { Feature, Provider, ProviderFacts } from '../core/session/provider.ts';
import { type ProviderName, providerNames } from '../core/settings/setting-parsers.ts';
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

const featuresOf: Readonly<Record<ProviderName, () => Promise<{ readonly features: readonly Feature[] }>>> = {
  'backend.ai': () => import('../providers/backend-ai/features.ts'),
  ucloud: () => import('../providers/ucloud/features.ts'),
  rescale: () => import('../providers/rescale/features.ts'),
};

const titles: Readonly<Record<ProviderName, string>> = {
  'backend.ai': 'Backend.AI',
  ucloud: 'UCloud',
  rescale: 'Rescale',
};

/** All there are, the usual one first. */
export async function listProviders(): Promise<readonly ProviderFacts[]> {
  return await Promise.all(
    providerNames.map(async (name) => {
      const { features } = await featuresOf[name]();
      return { name, title: titles[name], features };
    }),
  );
}

export const openProvider: OpenProvider = async (settings, options) => {
  const open = await providers[settingValue(settings, 'provider')]();
  return open(settings, options);
};
