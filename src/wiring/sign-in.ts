/** What signing in and out is built of. */

import { readSecretLine } from '../config/read-secret.ts';
import type { Provider } from '../core/session/provider.ts';
import type { Settings, SettingValues } from '../core/settings/settings.ts';
import { BaiError } from '../errors.ts';
import type { Network } from '../net/network.ts';
import { type ConsoleCalls, consoleCalls } from '../providers/backend-ai/console/console-calls.ts';
import type { SignInTools } from '../services/sign-in/sign-in-tools.ts';
import { openNetwork } from './network.ts';
import { askerAt } from './process/asker.ts';
import { recognise } from './recognise.ts';
import { storedLogin } from './stored-login.ts';
import type { BuilderContext } from './tools.ts';

export async function signInTools(context: BuilderContext): Promise<SignInTools> {
  const { stdin, stderr, signal, reporter } = context;
  const streams = { stdin, stderr, signal };
  const userAgent = `bai/${context.version}`;
  const now = (): Date => new Date();
  const network = await networkOf(context);
  const callsAt = (endpoint: string, over = network): ConsoleCalls =>
    consoleCalls({ endpoint: new URL(endpoint), network: over, userAgent, now });
  return {
    ...{ reporter, signal, profiles: await context.tools('profiles') },
    settings: () => context.settings(),
    recognise: (address) => recognise(address, { network, userAgent, now, signal }),
    door: ({ endpoint }) => ({ origin: new URL(endpoint).origin, login: callsAt(endpoint).login }),
    open: (values) => openWith(values, context),
    storedLogin: (profile) =>
      storedLogin(profile, {
        ...{ context, callsAt },
        networkOf: (settings) => networkOf(context, settings),
      }),
    async endLoginAt(endpoint, id) {
      try {
        await callsAt(endpoint).logout(id, signal);
      } catch (error) {
        // It ends by itself in time; what went wrong before is what is told.
        if (!(error instanceof BaiError)) throw error;
      }
    },
    ask: askerAt(streams, reporter),
    readPiped: () => readSecretLine('', streams),
  };
}

/** As the settings have it: certificates, proxies, jump hosts. It is closed with the process. */
async function networkOf(context: BuilderContext, of?: Settings): Promise<Network> {
  const settings = of ?? (await context.settings());
  const { reporter, environment } = context;
  const network = openNetwork(settings, { reporter, environment });
  context.closeLater(network);
  return network;
}

/** Once the platform is open it stays what it is: values come before. */
async function openWith(values: SettingValues, context: BuilderContext): Promise<Provider> {
  if (Object.keys(values).length > 0) context.overrideSettings(values);
  return await context.provider();
}
