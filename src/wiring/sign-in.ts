/** What signing in and out is built of. */

import { readSecretLine } from '../config/read-secret.ts';
import type { Provider } from '../core/session/provider.ts';
import { isSet, originOfProfile, type SettingValues, settingValue } from '../core/settings/settings.ts';
import { BaiError } from '../errors.ts';
import type { Network } from '../net/network.ts';
import { type ConsoleCalls, consoleCalls } from '../providers/backend-ai/console/console-calls.ts';
import type { SignInTools } from '../services/sign-in/sign-in-tools.ts';
import { askerAt } from './asker.ts';
import { openNetwork } from './network.ts';
import { recognise } from './recognise.ts';
import type { BuilderContext } from './tools.ts';

export async function signInTools(context: BuilderContext): Promise<SignInTools> {
  const { stdin, stderr, signal, reporter } = context;
  const streams = { stdin, stderr, signal };
  const userAgent = `bai/${context.version}`;
  const now = (): Date => new Date();
  const network = await networkOf(context);
  const callsAt = (endpoint: string): ConsoleCalls =>
    consoleCalls({ endpoint: new URL(endpoint), network, userAgent, now });
  return {
    ...{ reporter, signal, profiles: await context.tools('profiles') },
    settings: () => context.settings(),
    recognise: (address) => recognise(address, { network, userAgent, now, signal }),
    door: ({ endpoint }) => ({ origin: new URL(endpoint).origin, login: callsAt(endpoint).login }),
    open: (values) => openWith(values, context),
    async endLogin() {
      const { endpoint, id } = await storedLogin(context);
      if (endpoint === undefined || id === undefined) return undefined;
      return async () => {
        const calls = callsAt(endpoint.href);
        await calls.logout(id, signal);
        return !(await calls.check(id, signal));
      };
    },
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

interface StoredLogin {
  readonly endpoint?: URL | undefined;
  readonly id?: string | undefined;
}

/** That of the profile alone: one that comes from elsewhere is not bai's to end. */
async function storedLogin(context: BuilderContext): Promise<StoredLogin> {
  const { endpointType, loginId } = await context.settings();
  if (endpointType.value !== 'session' || !isSet(loginId)) return {};
  try {
    const settings = await context.settingsWithSecrets();
    const isOwn = settings.loginId.origin === originOfProfile(await context.profile());
    const [endpoint] = settingValue(settings, 'endpoint') ?? [];
    return isOwn ? { endpoint, id: settings.loginId.value } : {};
  } catch (error) {
    // Who is about to sign in needs nothing of a keyring that does not open.
    if (error instanceof BaiError && !context.signal.aborted) return {};
    throw error;
  }
}

/** As the settings have it: certificates, proxies, jump hosts. It is closed with the process. */
async function networkOf(context: BuilderContext): Promise<Network> {
  const settings = await context.settings();
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
