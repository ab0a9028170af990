/** A request to a server that has one address, as often as it takes to be heard, with what fails in words. */

import type { IncomingMessage } from 'node:http';
import { BaiError, type Doubt, UnsureError } from '../errors.ts';
import { exchange, type HttpRequest } from './http.ts';
import { overLiveConnection } from './live-connection.ts';
import type { Network } from './network.ts';
import { networkError } from './network-error.ts';
import { withPauses } from './pauses.ts';
import { labelOf } from './proxy-error.ts';
import type { ServerName } from './server-name.ts';

interface Sending {
  readonly network: Network;
  readonly server: ServerName;
  /** The request may be sent twice. */
  readonly isRepeatable: boolean;
  /** What is told when the request may have arrived and there is no answer. */
  readonly doubt?: Doubt | undefined;
  readonly now: () => Date;
  /** Hears that the server asked for a pause, which is made. */
  readonly onPause?: ((message: string) => void) | undefined;
}

/**
 * The answer once its header is there, whatever its status: no redirect is followed. A connection that was kept and is dead
 * is replaced once, and a pause that the server asks for is made.
 */
export function send(request: Omit<HttpRequest, 'isAlone'>, sending: Sending): Promise<IncomingMessage> {
  const { server, isRepeatable, now, onPause } = sending;
  const pausing = { server, signal: request.signal, isRepeatable, now, onPause };
  return withPauses(() => sendOnce(request, sending), pausing);
}

async function sendOnce(
  request: Omit<HttpRequest, 'isAlone'>,
  { network, server, isRepeatable, doubt, now }: Sending,
): Promise<IncomingMessage> {
  try {
    return await overLiveConnection(isRepeatable, (isAlone) => exchange(network, { ...request, isAlone }));
  } catch (error) {
    const proxy = network.proxyTo(request.url);
    const through = proxy && labelOf(proxy);
    const explained = networkError(error, request.url, { through, server, now: now() });
    const isUnseen = error instanceof Error && 'notSent' in error && error.notSent === true;
    throw isUnseen ? explained : doubted({ doubt }, explained);
  }
}

/** The failure of a call that may have been carried out all the same. */
export function doubted({ doubt }: { readonly doubt?: Doubt | undefined }, error: unknown): unknown {
  return doubt !== undefined && error instanceof BaiError ? new UnsureError(error, doubt) : error;
}
