/** The platforms that bai speaks to: one entry each. */

import type { Environment } from '../context.ts';
import type { Reporter } from '../core/reporter.ts';
import type { Provider, ProviderFacts } from '../core/session/provider.ts';
import { type ProviderName, providerNames } from '../core/settings/setting-parsers.ts';
import { commandLine, type Settings, settingValue } from '../core/settings/settings.ts';
import { UsageError } from '../errors.ts';

import type { SignInMeans } from './console.ts';

export interface ProviderOptions {
  readonly version: string;
  readonly reporter: Reporter;
  /** Where proxies are named and programs are looked for; that of `--env-file` below it. */
  readonly environment: Environment;
  readonly processEnvironment: Environment;
  /** Asked for where a login has to be made anew. */
  readonly means: () => Promise<SignInMeans>;
  /** For an administrator: whose sessions are meant. */
  readonly owner?: string | undefined;
}

export type OpenProvider = (settings: Settings, options: ProviderOptions) => Promise<Provider>;

interface Platform {
  readonly open: () => Promise<OpenProvider>;
  readonly facts: () => Promise<Omit<ProviderFacts, 'name'>>;
}

/** Each is imported when it is first needed: start-up pays for none. */
const platforms: Readonly<Record<ProviderName, Platform>> = {
  'backend.ai': {
    open: async () => (await import('./backend-ai.ts')).openBackendAi,
    facts: () => import('../providers/backend-ai/facts.ts'),
  },
  ucloud: {
    open: async () => (await import('./ucloud.ts')).openUcloud,
    facts: () => import('../providers/ucloud/facts.ts'),
  },
  rescale: {
    open: async () => (await import('./rescale.ts')).openRescale,
    facts: () => import('../providers/rescale/facts.ts'),
  },
};

/** All there are, the usual one first. */
export async function listProviders(): Promise<readonly ProviderFacts[]> {
  return await Promise.all(
    providerNames.map(async (name) => {
      const { title, features } = await platforms[name].facts();
      return { name, title, features };
    }),
  );
}

export const openProvider: OpenProvider = async (settings, options) => {
  checkWay(settings);
  const open = await platforms[settingValue(settings, 'provider')].open();
  return open(settings, options);
};

/** A profile or a variable may be for other platforms, too. */
function checkWay(settings: Settings): void {
  const provider = settingValue(settings, 'provider');
  const typed = (['via', 'allowFrom'] as const).find((name) => settings[name].origin === commandLine);
  if (typed === undefined || provider === 'backend.ai') return;
  throw new UsageError(`--${typed === 'via' ? 'via' : 'allow-from'} is for Backend.AI`, {
    code: 'unsupported',
    hint: 'leave it out: there is one way to the SSH server of a session there',
  });
}
