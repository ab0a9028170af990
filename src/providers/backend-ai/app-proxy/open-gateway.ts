/** From an app of a session to a TCP port of an app proxy's worker: manager, coordinator, worker, each with what the one before said. */

import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import type { AllowFrom } from '../../../core/allow-from.ts';
import type { Gateway } from '../../../core/session/provider.ts';
import type { SessionRef } from '../../../core/session/session.ts';
import { BaiError } from '../../../errors.ts';
import { readChecked, urlBelow } from '../../../net/answer.ts';
import type { ManagerClient } from '../manager/client.ts';
import type { Release } from '../manager/release.ts';
import { gatewayIn, httpAddress } from './addresses.ts';
import { openAnswer, type ProxyExchange } from './exchange.ts';
import { ownAddress } from './own-address.ts';
import { appProxy, explainStart, noAppProxy, type ProxyCall, refusalOf, throughManager } from './refusals.ts';

interface AppProxyParts extends ProxyExchange {
  readonly client: ManagerClient;
}

interface GatewayWish {
  readonly session: SessionRef;
  readonly app: string;
  readonly allowFrom: AllowFrom;
  /** The one that is wished for; it has no effect when there is one for the same session, app and addresses. */
  readonly port?: number | undefined;
  readonly signal: AbortSignal;
}

/** Nothing is dialled yet. What is opened stays open until the session ends: app proxies have no call that closes it. */
export async function openGateway(wish: GatewayWish, parts: AppProxyParts): Promise<Gateway> {
  const { session, app, allowFrom, port, signal } = wish;
  if (allowFrom !== 'everywhere') checkRestricts(await parts.client.release(signal));
  const { token, coordinator } = await startService(wish, parts);
  const rules = allowFrom === 'me' ? [await ownAddress(coordinator, parts, signal)] : rulesOf(allowFrom);
  const call = { session, app, rules, port, signal };
  const setup = await askCoordinator({ ...call, token, address: coordinator }, parts);
  const { host, port: opened } = await askWorker({ ...call, address: setup }, parts);
  return { via: 'proxy', host, port: opened, allowedFrom: rules ?? 'everywhere' };
}

function rulesOf(allowFrom: Exclude<AllowFrom, 'me'>): readonly string[] | undefined {
  return typeof allowFrom === 'string' ? undefined : allowFrom;
}

/** Before, addresses were taken and had no effect. */
function checkRestricts(release: Release): void {
  const restricts = release.atLeast(26, 7) || (release.atLeast(26, 4, 5) && !release.atLeast(26, 5));
  if (restricts) return;
  throw new BaiError(
    `the app proxy of a manager ${release.text} lets in everybody, whatever addresses it is given`,
    {
      code: 'not-supported',
      hint: 'releases from 26.4.5 on keep others out; if everybody may connect, `--allow-from everywhere` says so',
    },
  );
}

/** Up to 25.12 tokens are signed texts of some hundred characters. */
const startedSchema = z.object({
  token: z.string().check(z.minLength(1), z.maxLength(4096)),
  wsproxy_addr: z.nullish(z.string()),
});

async function startService(
  { session, app, signal }: GatewayWish,
  { client }: AppProxyParts,
): Promise<{ readonly token: string; readonly coordinator: URL }> {
  const path = `session/${encodeURIComponent(session.id)}/start-service`;
  const what = `start ${app} of session ${session.name}`;
  try {
    const started = await client.json({ what, method: 'POST', path, body: { app }, signal }, startedSchema);
    const { token, wsproxy_addr: address } = started;
    if (!address) throw noAppProxy(session);
    return { token, coordinator: httpAddress(address, 'the manager') };
  } catch (error) {
    throw explainStart(error, session);
  }
}

const mostBytes = 1 << 16;
const hint = `show this to an administrator; ${throughManager}`;

async function askCoordinator(
  call: ProxyCall & { readonly token: string },
  parts: AppProxyParts,
): Promise<URL> {
  const { session, app, rules, port, token, address, signal } = call;
  const url = urlBelow(address, 'v2/proxy/auth', {
    ...{ token, session_id: session.id, app, protocol: 'tcp' },
    ...(rules !== undefined && { allowed_client_ips: rules.join(',') }),
    ...(port !== undefined && { port: String(port) }),
  });
  const response = await openAnswer(parts, { what: `open a port to ${app}`, url, signal });
  if (response.statusCode !== 200) throw await refusalOf(response, call);
  const { redirect_url: setup } = await readChecked(response, z.object({ redirect_url: z.string() }), {
    ...{
      what: `open a port to ${app} of session ${session.name}`,
      server: appProxy,
      hint,
      mostBytes,
      signal,
    },
    speaker: `the app proxy at ${address.origin}`,
  });
  return httpAddress(setup, 'the app proxy');
}

const setupSchema = z.object({ redirectURI: z.optional(z.string()), redirect: z.optional(z.string()) });

/** A worker may hear of its new port a little later than the client does. */
const setupTries = 5;

async function askWorker(call: ProxyCall, parts: AppProxyParts): ReturnType<typeof tryWorker> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await tryWorker(call, parts);
    } catch (error) {
      const status = error instanceof BaiError ? error.details['status'] : undefined;
      if (![500, 501, 502].includes(Number(status)) || tried >= setupTries) throw error;
      await delay(100 * 2 ** tried, undefined, { signal: call.signal });
    }
  }
}

async function tryWorker(call: ProxyCall, parts: AppProxyParts) {
  const { session, app, address, signal } = call;
  const response = await openAnswer(parts, { what: `open a port to ${app}`, url: address, signal });
  if (response.statusCode !== 200) throw await refusalOf(response, call);
  const answer = await readChecked(response, setupSchema, {
    ...{
      what: `open a port to ${app} of session ${session.name}`,
      server: appProxy,
      hint,
      mostBytes,
      signal,
    },
    speaker: `the worker at ${address.origin}`,
  });
  return gatewayIn(answer.redirectURI ?? answer.redirect ?? '');
}
