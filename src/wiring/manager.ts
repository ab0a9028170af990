/** From settings to a manager's sessions. */

import { jumpArguments, parseJumpHosts } from '../core/jump-hosts.ts';
import type { Reporter } from '../core/reporter.ts';
import type { SessionApi } from '../core/session-api.ts';
import { isYes, type Settings } from '../core/settings.ts';
import { UsageError } from '../errors.ts';
import { createManagerClient, type ManagerClient } from '../manager/client.ts';
import { createNetwork, type Dial, type Network } from '../manager/network.ts';
import { createSessionApi } from '../manager/sessions.ts';
import { openThroughJump } from '../ssh/jump-host.ts';
import { answerLimit } from './app-settings.ts';

export interface ManagerAccess {
  readonly client: ManagerClient;
  readonly api: SessionApi;
  readonly network: Network;
  /** How long a tunnel may take, and what is at its end. */
  readonly answerMs: number;
}

export function openManager(settings: Settings, version: string, reporter: Reporter): ManagerAccess {
  const { endpoint, accessKey, secretKey, domain } = settings;
  if (endpoint.value === undefined) {
    throw new UsageError('no manager is chosen: the endpoint is not set', {
      code: 'no-endpoint',
      hint: 'set BACKEND_ENDPOINT, or `bai config set endpoint https://…`; `bai local up` starts a manager on this machine to try bai with',
    });
  }
  const skipTlsVerify = isYes(settings.skipTlsVerify.value);
  if (skipTlsVerify) {
    reporter.warn(`the manager's TLS certificate is not checked (${settings.skipTlsVerify.origin})`);
  }
  const network = createNetwork({
    skipTlsVerify,
    connectTimeoutMs: Number(settings.connectTimeout.value) * 1000,
    readTimeoutMs: Number(settings.readTimeout.value) * 1000,
    dial: dialThrough(settings),
    waiting: (text, limitMs) => reporter.wait(text, limitMs),
  });
  const hasKey = accessKey.value !== undefined && secretKey.value !== undefined;
  const client = createManagerClient({
    endpoints: endpoint.value.split(',').map((each) => new URL(each.trim())),
    key: hasKey ? { accessKey: accessKey.value, secretKey: secretKey.value } : undefined,
    domain: domain.value ?? 'default',
    userAgent: `bai/${version}`,
    network,
    now: () => new Date(),
  });
  const api = createSessionApi({ client, accessKey: accessKey.value });
  return { client, network, api, answerMs: answerLimit(settings) };
}

function dialThrough({ proxyJump, connectTimeout }: Settings): Dial | undefined {
  const written = proxyJump.value;
  const hops = written === undefined ? [] : parseJumpHosts(written, 'proxyJump');
  if (written === undefined || hops.length === 0) return undefined;
  return (target) =>
    openThroughJump({
      args: jumpArguments(hops, target, Number(connectTimeout.value)),
      hops: written,
      target: `${target.host}:${target.port}`,
    });
}
