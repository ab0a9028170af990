/** Calls to the platform's API. Knows no single route. */

import type { IncomingMessage } from 'node:http';
import type * as z from 'zod/mini';
import { limitTime } from '../../core/time-limit.ts';
import type { Doubt } from '../../errors.ts';
import { readChecked, readRefusal, urlBelow } from '../../net/answer.ts';
import { acceptEncoding } from '../../net/decode.ts';
import type { Network } from '../../net/network.ts';
import { redirected } from '../../net/redirect.ts';
import { doubted, send } from '../../net/send.ts';
import type { ApiKey } from './api-key.ts';
import { refusalError } from './refusal.ts';
import { rescale } from './rescale-name.ts';

interface RescaleClientOptions {
  readonly key: ApiKey;
  readonly network: Network;
  readonly userAgent: string;
  readonly now: () => Date;
  /** Hears that the platform asked for a pause, which bai makes. */
  readonly onPause?: ((message: string) => void) | undefined;
}

export interface RescaleCall {
  /** Completes "cannot …" in errors, e.g. `list your jobs`. */
  readonly what: string;
  readonly method: 'GET' | 'POST';
  /** Below `/api/`, each part already percent-encoded, with the slash at its end: `v2/jobs/OsKBd/instances/`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of a call that changes something: what is told when nobody knows whether it was carried out. */
  readonly doubt?: Doubt;
  readonly signal: AbortSignal;
}

export interface RescaleClient {
  readonly address: URL;
  /** The URL of a call. */
  urlOf(path: string, query?: Readonly<Record<string, string>>): URL;
  /** JSON, checked. */
  json<S extends z.ZodMiniType>(call: RescaleCall, schema: S): Promise<z.infer<S>>;
  /** Whatever it answers, as long as it accepts. */
  discard(call: RescaleCall): Promise<void>;
}

/** A list of a hundred jobs is a hundredth of it. */
const largestJson = 16 << 20;

/** How long the body of a refusal may take: it only makes the message better. */
const refusalLimitMs = 5_000;

export function createRescaleClient(options: RescaleClientOptions): RescaleClient {
  const { address } = options.key;
  const client: RescaleClient = {
    address,
    urlOf: (path, query) => urlBelow(address, `api/${path}`, query),
    async json(call, schema) {
      const response = await open(client, call, options);
      try {
        return await readChecked(response, schema, {
          ...{ what: call.what, server: rescale, signal: call.signal, mostBytes: largestJson },
          speaker: `Rescale at ${address.origin}`,
          hint: `check that ${address.origin} is Rescale's platform, and that no page of a network's sign-in stands before it`,
        });
      } catch (error) {
        throw doubted(call, error);
      }
    },
    async discard(call) {
      (await open(client, call, options)).resume();
    },
  };
  return client;
}

async function open(
  client: RescaleClient,
  { what, method, path, query, body, doubt, signal }: RescaleCall,
  { key, network, userAgent, now, onPause }: RescaleClientOptions,
): Promise<IncomingMessage> {
  const url = client.urlOf(path, query);
  const headers = {
    ...{ 'User-Agent': userAgent, Accept: 'application/json', ...acceptEncoding },
    ...key.headersFor(url),
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
  };
  const response = await send(
    { what, method, url, headers, signal, ...(body !== undefined && { body: JSON.stringify(body) }) },
    { network, server: rescale, isRepeatable: method === 'GET', doubt, now, onPause },
  );
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return response;
  using limit = limitTime(signal, refusalLimitMs);
  const refused = await readRefusal(response, { server: rescale, signal, limit: limit.signal });
  const refusal = { what, status, body: key.removedFrom(refused), now: now() };
  if (status >= 300 && status < 400) throw redirected(client.address, response);
  const error = refusalError(response, refusal);
  // A gateway that gives up waiting does not know either.
  throw status >= 500 ? doubted({ doubt }, error) : error;
}
