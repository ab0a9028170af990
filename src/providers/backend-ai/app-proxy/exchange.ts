/** Requests to an app proxy. They carry the token of one app of one session, and nothing of the account. */

import type { IncomingMessage } from 'node:http';
import { acceptEncoding } from '../../../net/decode.ts';
import type { Network } from '../../../net/network.ts';
import { send } from '../../../net/send.ts';
import { appProxy } from './refusals.ts';

export interface ProxyExchange {
  readonly network: Network;
  readonly userAgent: string;
  readonly now: () => Date;
}

interface ProxyQuestion {
  /** Completes "waiting for HOST to …". */
  readonly what: string;
  readonly url: URL;
  readonly signal: AbortSignal;
}

/** Whatever its status; no redirect is followed. */
export function openAnswer(
  { network, userAgent, now }: ProxyExchange,
  { what, url, signal }: ProxyQuestion,
): Promise<IncomingMessage> {
  // Without exactly this it answers with a redirect, for browsers.
  const headers = { 'User-Agent': userAgent, Accept: 'application/json', ...acceptEncoding };
  const request = { what, method: 'GET', url, headers, signal };
  return send(request, { network, server: appProxy, isRepeatable: true, now });
}
