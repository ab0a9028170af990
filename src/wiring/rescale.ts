/** From settings to the jobs of a Rescale account. */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reporter } from '../core/reporter.ts';
import type { Provider } from '../core/session/provider.ts';
import type { Settings } from '../core/settings/settings.ts';
import { decodeText } from '../core/text/decode-text.ts';
import { typed } from '../core/text/typed.ts';
import { noneIfMissing } from '../core/undefined-if-missing.ts';
import { onThisMachine } from '../files/local-error.ts';
import { findHome } from '../files/user-path.ts';
import type { ApiConfigFile } from '../providers/rescale/apiconfig.ts';
import { createRescaleClient } from '../providers/rescale/client.ts';
import { chooseApiKey } from '../providers/rescale/credentials.ts';
import { findMyAddress } from '../providers/rescale/my-address.ts';
import { createRescale } from '../providers/rescale/provider.ts';
import { answerLimit } from './app-settings.ts';
import { localDial } from './local/local-dial.ts';
import { openNetwork } from './network.ts';
import type { ProviderOptions } from './providers.ts';

export async function openRescale(settings: Settings, options: ProviderOptions): Promise<Provider> {
  const { version, reporter, environment } = options;
  const { endpoint, token } = settings;
  const { key } = await chooseApiKey({
    own: {
      origin: token.value === undefined ? endpoint.origin : token.origin,
      address: endpoint.value,
      apiKey: token.value,
    },
    environment,
    apiConfig: () => readApiConfigFile(reporter),
  });
  const dial = await localDial(settings, options.processEnvironment);
  const network = openNetwork(settings, { reporter, environment, dial });
  const common = { network, userAgent: `bai/${version}`, now: () => new Date() };
  const client = createRescaleClient({ key, ...common, onPause: (message) => reporter.info(message) });
  return createRescale({
    ...{ client, ...common },
    answerMs: answerLimit(settings),
    // Without TLS only this machine is spoken to, where nobody counts how often one asks.
    pollMs: key.address.protocol === 'http:' ? 300 : undefined,
    myAddress: (signal) => findMyAddress({ address: key.address, ...common, signal }),
    info: (message) => reporter.info(message),
    warn: (message, hint) => reporter.warn(message, hint),
  });
}

/** Of the vendor's programs, which write it for everybody to read. */
async function readApiConfigFile(reporter: Reporter): Promise<ApiConfigFile | undefined> {
  const path = join(findHome(), '.config', 'rescale', 'apiconfig');
  const bytes = await onThisMachine('read', path, readFile(path).catch(noneIfMissing));
  if (bytes === undefined) return undefined;
  const exposed = process.platform === 'win32' ? 0 : (await stat(path)).mode & 0o077;
  if (exposed !== 0)
    reporter.warn(
      `others on this machine can read ${path}, and it holds API keys`,
      typed(['chmod', '600', path]),
    );
  return { path, text: decodeText(bytes) };
}
