/** What answers `GET /`: a manager, or something else that stands there or before it. */

import type { IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import { parseJson } from '../../../core/text/json.ts';
import { type BaiError, ProtocolError, UnreachableError } from '../../../errors.ts';
import { readBody } from '../../../net/http.ts';
import type { ProxyServer } from '../../../net/proxy-choice.ts';
import { labelOf, proxyAnswered } from '../../../net/proxy-error.ts';
import { redirected } from '../../../net/redirect.ts';
import { manager } from './manager-name.ts';
import { parseProblem, refusalError } from './problem.ts';
import { negotiate, type Release } from './release.ts';

const helloSchema = z.object({ version: z.string(), manager: z.optional(z.string()) });

/** Nothing of a hello is longer. */
const helloLimit = 1 << 20;

interface Greeted {
  readonly endpoint: URL;
  readonly proxy: ProxyServer | undefined;
  readonly signal: AbortSignal;
  readonly now: Date;
}

/** The release that an answer announces. Throws for what is no manager, or stands before one that is away. */
export async function readHello(response: IncomingMessage, greeted: Greeted): Promise<Release> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) throw redirected(greeted.endpoint, response);
  const body = (
    await readBody(response, { limit: helloLimit, signal: greeted.signal, server: manager })
  ).toString();
  const hello = helloSchema.safeParse(parseJson(body));
  if (status === 200 && hello.success) return negotiate(hello.data.version, hello.data.manager ?? '');
  throw notAHello(response, body, greeted);
}

/** They mean the same from whoever answers: a login at a proxy or for the network, and what passes. */
const saidAlike: ReadonlySet<number> = new Set([407, 408, 425, 429, 511]);

function notAHello(response: IncomingMessage, body: string, { endpoint, proxy, now }: Greeted): BaiError {
  const status = response.statusCode ?? 0;
  // A manager asks nobody who he is before it has said hello: whoever does stands before it.
  if (proxy !== undefined && (status === 401 || status === 403))
    return proxyAnswered(proxy, endpoint.host, status);
  if (saidAlike.has(status))
    return refusalError(`reach ${endpoint.origin}`, parseProblem(status, body), response, now);
  if (status >= 500) return managerAway(endpoint, proxy, status);
  const asksForLogin = status === 401 || status === 403;
  return new ProtocolError(`${endpoint.href} does not answer as a Backend.AI manager (status ${status})`, {
    code: 'not-a-manager',
    hint: asksForLogin
      ? 'something before the manager requires a login or lets nobody through: ask for an address that takes keypairs'
      : "check the endpoint: it is the manager's own address, with the right http:// or https://; at a web console `bai login` signs in",
    details: { status },
  });
}

function managerAway(endpoint: URL, proxy: ProxyServer | undefined, status: number): UnreachableError {
  const before = proxy === undefined ? 'what stands before it' : labelOf(proxy);
  return new UnreachableError(
    `the manager at ${endpoint.origin} does not answer (status ${status} of ${before})`,
    {
      code: 'unavailable',
      hint: 'the manager is down or in maintenance: try again later',
      details: { status },
    },
  );
}
