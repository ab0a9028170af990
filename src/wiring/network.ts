/** The network as the settings have it: certificates, time limits, proxies, jump hosts. */

import type { Environment } from '../context.ts';
import type { Reporter } from '../core/reporter.ts';
import { type Settings, settingValue } from '../core/settings/settings.ts';
import { jumpArguments } from '../core/ssh/jump-hosts.ts';
import { createNetwork, type Dial, type Network } from '../net/network.ts';
import { openThroughJump } from '../ssh/openssh/jump-host.ts';

interface NetworkOptions {
  readonly reporter: Reporter;
  /** Where proxies are named and programs are looked for; that of `--env-file` below it. */
  readonly environment: Environment;
  /** Where connections begin with more than a handshake. */
  readonly dial?: Dial | undefined;
}

export function openNetwork(settings: Settings, { reporter, environment, dial }: NetworkOptions): Network {
  const skipTlsVerify = settingValue(settings, 'skipTlsVerify');
  if (skipTlsVerify) {
    reporter.warn(`the manager's TLS certificate is not checked (${settings.skipTlsVerify.origin})`);
  }
  // ssh asks on the terminal what a jump host wants to know, with each connection.
  if (settings.proxyJump.value !== undefined) reporter.withoutSpinner();
  return createNetwork({
    skipTlsVerify,
    connectTimeoutMs: settingValue(settings, 'connectTimeout'),
    readTimeoutMs: settingValue(settings, 'readTimeout'),
    dial: dial ?? dialThrough(settings, environment),
    dialWords: dial === undefined ? `through the jump hosts ${settings.proxyJump.value}` : 'on this machine',
    environment,
    waiting: (text, limitMs) => reporter.wait(text, limitMs),
  });
}

function dialThrough(settings: Settings, environment: Environment): Dial | undefined {
  const written = settings.proxyJump.value;
  const hops = settingValue(settings, 'proxyJump');
  if (written === undefined || hops === undefined || hops.length === 0) return undefined;
  const connectSeconds = settingValue(settings, 'connectTimeout') / 1000;
  return (target) =>
    openThroughJump({
      environment,
      args: jumpArguments(hops, target, connectSeconds),
      hops: written,
      target: `${target.host}:${target.port}`,
    });
}
