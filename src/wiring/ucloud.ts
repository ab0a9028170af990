/** From settings to the jobs of a UCloud workspace. */

import type { Provider } from '../core/session/provider.ts';
import type { Settings } from '../core/settings/settings.ts';
import { DeniedError, UsageError } from '../errors.ts';
import { createUcloudClient } from '../providers/ucloud/client.ts';
import { createUcloud } from '../providers/ucloud/provider.ts';
import { tokenPage } from '../providers/ucloud/token.ts';
import { answerLimit } from './app-settings.ts';
import { localDial } from './local/local-dial.ts';
import { openNetwork } from './network.ts';
import type { ProviderOptions } from './providers.ts';

export async function openUcloud(settings: Settings, options: ProviderOptions): Promise<Provider> {
  const { version, reporter, environment } = options;
  const { endpoint, token } = settings;
  if (endpoint.value === undefined) {
    throw new UsageError(`no UCloud is chosen: the endpoint is ${endpoint.origin}`, {
      code: 'no-endpoint',
      hint: 'its address stands in the same place as the token: `bai config set endpoint https://cloud.sdu.dk`',
    });
  }
  if (token.value === undefined) {
    throw new DeniedError(`no API token is used for ${endpoint.value}: token is ${token.origin}`, {
      code: 'not-signed-in',
      hint: `make one under ${tokenPage}, and \`bai config set token\`, which asks for it`,
    });
  }
  const dial = await localDial(settings, options.processEnvironment);
  const network = openNetwork(settings, { reporter, environment, dial });
  const userAgent = `bai/${version}`;
  const client = createUcloudClient({
    ...{ endpoint: new URL(endpoint.value.trim()), token: token.value, network, userAgent },
    now: () => new Date(),
    onPause: (message) => reporter.info(message),
  });
  return createUcloud({ client, network, userAgent, reporter, answerMs: answerLimit(settings) });
}
