/** From settings to the sessions of a Backend.AI manager. */

import { join } from 'node:path';
import { findOwnPathsIfAny } from '../config/paths.ts';
import { openServerMemory, type ServerMemory } from '../config/server-memory.ts';
import type { AllowFrom } from '../core/allow-from.ts';
import type { Provider } from '../core/session/provider.ts';
import { commandLine, type Settings, settingValue } from '../core/settings/settings.ts';
import { DeniedError, UsageError } from '../errors.ts';
import type { ConsoleLogin } from '../providers/backend-ai/console/console-login.ts';
import { type ClientOptions, createManagerClient } from '../providers/backend-ai/manager/client.ts';
import { createBackendAi } from '../providers/backend-ai/provider.ts';
import { askAllowFrom } from '../services/ssh/ask-allow-from.ts';
import { answerLimit } from './app-settings.ts';
import type { openConsoleLogin } from './console.ts';
import { localDial } from './local/local-dial.ts';
import { openNetwork } from './network.ts';
import type { ProviderOptions } from './providers.ts';

export async function openBackendAi(settings: Settings, options: ProviderOptions): Promise<Provider> {
  const { version, reporter, environment, owner, means } = options;
  const { endpoint, accessKey } = settings;
  const endpoints = settingValue(settings, 'endpoint');
  if (endpoints === undefined) {
    throw new UsageError(`no Backend.AI server is configured: the endpoint is ${endpoint.origin}`, {
      code: 'no-endpoint',
      hint: '`bai login` signs in; or set BACKEND_ENDPOINT, or `bai config set endpoint https://…`; `bai local up` starts a manager on this machine to try bai with',
    });
  }
  checkWay(settings);
  const dial = await localDial(settings, options.processEnvironment);
  if (!isSession(settings)) refuseForeignKeys(settings);
  const network = openNetwork(settings, { reporter, environment, dial });
  const userAgent = `bai/${version}`;
  const parts = { endpoints, network, userAgent, environment, reporter };
  const login = isSession(settings) ? await loginOf(settings, { ...parts, means: await means() }) : undefined;
  const now = (): Date => new Date();
  const memory = dial === undefined ? serverMemory(settings, options) : undefined;
  const client = createManagerClient({
    ...{ endpoints, network, userAgent, login, now, memory },
    ...(login === undefined ? keyOf(settings) : { key: undefined }),
    domain: settingValue(settings, 'domain'),
    onPause: (message) => reporter.info(message),
  });
  const provider = createBackendAi({
    ...{ client, network, endpoints, reporter, owner, login, userAgent, now, memory },
    via: settingValue(settings, 'via'),
    allowFrom: allowFromOf(settings, options),
    answerMs: answerLimit(settings),
    accessKey: accessKey.value,
    project: settingValue(settings, 'project'),
    warn: (message, hint) => reporter.warn(message, hint),
  });
  return login === undefined ? provider : (await means()).holding(provider);
}

/** Of several endpoints nobody knows which answered; and a jump host asks somebody for each connection. */
function serverMemory(settings: Settings, { processEnvironment }: ProviderOptions): ServerMemory | undefined {
  const { endpoint, accessKey, proxyJump } = settings;
  const places = findOwnPathsIfAny(processEnvironment);
  const [only, ...others] = settingValue(settings, 'endpoint') ?? [];
  if (places === undefined || only === undefined || others.length > 0 || proxyJump.value !== undefined)
    return undefined;
  const account = isSession(settings) ? 'login' : accessKey.value;
  return openServerMemory(join(places.stateDir, 'servers'), [endpoint.value, account].join(' '));
}

/** The addresses would have no effect. */
function checkWay({ via, allowFrom }: Settings): void {
  if (allowFrom.origin === commandLine && via.value !== 'proxy')
    throw new UsageError('--allow-from is for `--via proxy`: no other way opens a port to others');
}

/** Asked once, where somebody can be. */
function allowFromOf(settings: Settings, { means, reporter }: ProviderOptions): () => Promise<AllowFrom> {
  const set = settingValue(settings, 'allowFrom');
  let answer: Promise<AllowFrom> | undefined;
  return () => {
    answer ??=
      set === undefined ? means().then(({ ask }) => askAllowFrom({ ask, reporter })) : Promise.resolve(set);
    return answer;
  };
}

function isSession(settings: Settings): boolean {
  return settingValue(settings, 'endpointType') === 'session';
}

type LoginParts = Omit<Parameters<typeof openConsoleLogin>[1], 'endpoint'> & {
  readonly endpoints: readonly URL[];
};

/** A login is of one console. */
async function loginOf(settings: Settings, { endpoints, ...parts }: LoginParts): Promise<ConsoleLogin> {
  const [endpoint, ...others] = endpoints;
  if (endpoint !== undefined && others.length === 0)
    return (await import('./console.ts')).openConsoleLogin(settings, { ...parts, endpoint });
  throw new UsageError('a login is of one web console, and the endpoint names several', {
    hint: 'set one endpoint, or use a keypair (endpointType `api`)',
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
