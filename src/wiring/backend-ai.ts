/** From settings to the sessions of a Backend.AI manager. */

import type { Provider } from '../core/session/provider.ts';
import { commandLine, type Settings, settingValue } from '../core/settings/settings.ts';
import { DeniedError, UsageError } from '../errors.ts';
import { type ClientOptions, createManagerClient } from '../providers/backend-ai/manager/client.ts';
import { createBackendAi } from '../providers/backend-ai/provider.ts';
import { answerLimit } from './app-settings.ts';
import { localDial } from './local-dial.ts';
import { openNetwork } from './network.ts';
import type { ProviderOptions } from './providers.ts';

export async function openBackendAi(settings: Settings, options: ProviderOptions): Promise<Provider> {
  const { version, reporter, environment, owner } = options;
  const { endpoint, accessKey } = settings;
  const endpoints = settingValue(settings, 'endpoint');
  if (endpoints === undefined) {
    throw new UsageError(`no manager is chosen: the endpoint is ${endpoint.origin}`, {
      code: 'no-endpoint',
      hint: 'set BACKEND_ENDPOINT, or `bai config set endpoint https://…`; `bai local up` starts a manager on this machine to try bai with',
    });
  }
  const dial = await localDial(settings, options.processEnvironment);
  refuseForeignKeys(settings);
  const network = openNetwork(settings, { reporter, environment, dial });
  const client = createManagerClient({
    endpoints,
    ...keyOf(settings),
    domain: settingValue(settings, 'domain'),
    userAgent: `bai/${version}`,
    network,
    now: () => new Date(),
    onPause: (message) => reporter.info(message),
  });
  return createBackendAi({
    ...{ client, network, reporter, owner },
    answerMs: answerLimit(settings),
    accessKey: accessKey.value,
    warn: (message, hint) => reporter.warn(message, hint),
  });
}

/** A key that is somewhere, but not for this endpoint, is told before anything is sent. */
function refuseForeignKeys({ endpoint, accessKey, secretKey }: Settings): void {
  const withheld = [accessKey, secretKey].find(
    ({ value, origin }) => value === undefined && origin !== 'not set',
  );
  if (withheld === undefined) return;
  const name = withheld === accessKey ? 'accessKey' : 'secretKey';
  const typed = endpoint.origin === commandLine;
  throw new DeniedError(`no key is used for ${endpoint.value}: ${name} is ${withheld.origin}`, {
    code: 'not-signed-in',
    hint: typed
      ? 'name the profile or the environment file whose keys are meant: --profile NAME or --env-file PATH beside --endpoint'
      : 'set endpoint, accessKey and secretKey in one place; `bai config list` shows where each comes from',
  });
}

function keyOf({ accessKey, secretKey }: Settings): Pick<ClientOptions, 'key' | 'missing'> {
  if (accessKey.value !== undefined && secretKey.value !== undefined)
    return { key: { accessKey: accessKey.value, secretKey: secretKey.value } };
  const hasOne = accessKey.value !== undefined || secretKey.value !== undefined;
  const missing = accessKey.value === undefined ? 'accessKey' : 'secretKey';
  return { key: undefined, missing: hasOne ? missing : 'both' };
}
