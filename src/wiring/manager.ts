/** From settings to a manager's sessions. */

import type { Environment } from '../context.ts';
import type { Reporter } from '../core/reporter.ts';
import type { SessionApi } from '../core/session/session-api.ts';
import { commandLine, isYes, type Settings } from '../core/settings/settings.ts';
import { jumpArguments, parseJumpHosts } from '../core/ssh/jump-hosts.ts';
import { DeniedError, UsageError } from '../errors.ts';
import { createNetwork, type Dial, type Network } from '../net/network.ts';
import {
  type ClientOptions,
  createManagerClient,
  type ManagerClient,
} from '../providers/backend-ai/client.ts';
import { createSessionApi } from '../providers/backend-ai/sessions.ts';
import { openThroughJump } from '../ssh/jump-host.ts';
import { answerLimit } from './app-settings.ts';

export interface ManagerAccess {
  readonly client: ManagerClient;
  readonly api: SessionApi;
  readonly network: Network;
  /** How long a tunnel may take, and what is at its end. */
  readonly answerMs: number;
}

export interface ManagerOptions {
  readonly version: string;
  readonly reporter: Reporter;
  /** Where proxies are named and programs are looked for; that of `--env-file` below it. */
  readonly environment: Environment;
  /** Where connections begin with more than a handshake. */
  readonly dial?: Dial | undefined;
  /** For an administrator: whose sessions are meant. */
  readonly owner?: string | undefined;
}

export function openManager(
  settings: Settings,
  { version, reporter, environment, dial, owner }: ManagerOptions,
): ManagerAccess {
  const { endpoint, accessKey, domain } = settings;
  if (endpoint.value === undefined) {
    throw new UsageError(`no manager is chosen: the endpoint is ${endpoint.origin}`, {
      code: 'no-endpoint',
      hint: 'set BACKEND_ENDPOINT, or `bai config set endpoint https://…`; `bai local up` starts a manager on this machine to try bai with',
    });
  }
  refuseForeignKeys(settings);
  const skipTlsVerify = isYes(settings.skipTlsVerify.value);
  if (skipTlsVerify) {
    reporter.warn(`the manager's TLS certificate is not checked (${settings.skipTlsVerify.origin})`);
  }
  const network = createNetwork({
    skipTlsVerify,
    connectTimeoutMs: Number(settings.connectTimeout.value) * 1000,
    readTimeoutMs: Number(settings.readTimeout.value) * 1000,
    dial: dial ?? dialThrough(settings, environment),
    environment,
    waiting: (text, limitMs) => reporter.wait(text, limitMs),
  });
  const client = createManagerClient({
    endpoints: endpoint.value.split(',').map((each) => new URL(each.trim())),
    ...keyOf(settings),
    domain: domain.value ?? 'default',
    userAgent: `bai/${version}`,
    network,
    now: () => new Date(),
    onPause: (message) => reporter.info(message),
  });
  return {
    client,
    network,
    answerMs: answerLimit(settings),
    api: createSessionApi({
      client,
      accessKey: accessKey.value,
      owner,
      warn: (message, hint) => reporter.warn(message, hint),
    }),
  };
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

function dialThrough({ proxyJump, connectTimeout }: Settings, environment: Environment): Dial | undefined {
  const written = proxyJump.value;
  const hops = written === undefined ? [] : parseJumpHosts(written, 'proxyJump');
  if (written === undefined || hops.length === 0) return undefined;
  return (target) =>
    openThroughJump({
      environment,
      args: jumpArguments(hops, target, Number(connectTimeout.value)),
      hops: written,
      target: `${target.host}:${target.port}`,
    });
}
