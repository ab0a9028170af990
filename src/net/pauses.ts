/** Servers and gateways that ask for a pause (`Retry-After`) get it. */

import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { retryAfterMs } from './retry-after.ts';
import type { ServerName } from './server-name.ts';

interface Pausing {
  readonly server: ServerName;
  readonly signal: AbortSignal;
  /** The request may be sent twice. */
  readonly isRepeatable: boolean;
  readonly now: () => Date;
  readonly onPause: ((message: string) => void) | undefined;
}

/** All pauses of one call together: for more nobody looks on. */
const longestMs = 60_000;

/** The first answer that asks for no pause, or for one that is too long. */
export async function withPauses(
  attempt: () => Promise<IncomingMessage>,
  pausing: Pausing,
): Promise<IncomingMessage> {
  let leftMs = longestMs;
  for (let tried = 0; ; tried += 1) {
    const response = await attempt();
    const pauseMs = pauseFor(response, pausing, tried);
    if (pauseMs === undefined || pauseMs > leftMs) return response;
    leftMs -= pauseMs;
    response.destroy();
    const seconds = Math.ceil(pauseMs / 1000);
    pausing.onPause?.(
      `${pausing.server.name} asks for a pause (status ${response.statusCode}); trying again in ${seconds} s`,
    );
    await delay(pauseMs, undefined, { signal: pausing.signal });
  }
}

/** 429 means that the request was turned away; behind a 503 it may have been carried out. */
function pauseFor(
  response: IncomingMessage,
  { isRepeatable, now }: Pausing,
  tried: number,
): number | undefined {
  const { statusCode } = response;
  if (statusCode !== 429 && !(statusCode === 503 && isRepeatable)) return undefined;
  const asked = retryAfterMs(response, now());
  // Who says 0 again and again is not asked in a loop.
  return asked === undefined ? undefined : Math.max(asked, 1000 * 2 ** tried);
}
