/** Signed calls to the manager: handshake, endpoint list, errors. Knows no single route. */

import type { IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import { parseJson } from '../core/json.ts';
import { limitTime } from '../core/time-limit.ts';
import { BaiError, DeniedError, ProtocolError, UnreachableError } from '../errors.ts';
import { exchange, readBody } from './http.ts';
import type { Network } from './network.ts';
import { networkError, parseProblem, refusalError } from './problem.ts';
import { negotiate, type Release } from './release.ts';
import { authorization, type SigningKey } from './signature.ts';

export interface ClientOptions {
  readonly endpoints: readonly URL[];
  /** Without a key calls go out unsigned, and the manager refuses most of them. */
  readonly key: SigningKey | undefined;
  readonly domain: string;
  readonly userAgent: string;
  readonly network: Network;
  readonly now: () => Date;
}

export interface Call {
  /** Completes "cannot …" in errors, e.g. `list your sessions`. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the endpoint, each part already percent-encoded, e.g. `session/demo/logs`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** A POST that changes nothing may go to the next endpoint like a GET. */
  readonly readsOnly?: boolean;
  readonly signal: AbortSignal;
}

export interface ManagerClient {
  /** The handshake, done once; later calls wait for it. */
  release(signal: AbortSignal): Promise<Release>;
  /** The answer of a call the manager accepted; its body is not read yet. */
  open(call: Call): Promise<IncomingMessage>;
  /** JSON, checked. */
  json<S extends z.ZodMiniType>(call: Call, schema: S): Promise<z.infer<S>>;
  bytes(call: Call, limit?: number): Promise<{ readonly body: Buffer; readonly contentType: string }>;
  /** Where to open a WebSocket and the headers to open it with; good for one attempt. */
  signUpgrade(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<SignedUpgrade>;
  /** Why a WebSocket did not open: its ordinary HTTP answer, or the network's error. */
  explainUpgrade(failure: UpgradeFailure): Promise<unknown>;
}

export interface UpgradeFailure {
  /** Completes "cannot …". */
  readonly what: string;
  readonly error: unknown;
  readonly response: IncomingMessage | undefined;
  readonly signal: AbortSignal;
}

export interface SignedUpgrade {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

const helloSchema = z.object({ version: z.string(), manager: z.optional(z.string()) });

export function createManagerClient(options: ClientOptions): ManagerClient {
  const client = new Client(options);
  return {
    release: (signal) => client.release(signal),
    open: (call) => client.open(call),
    async json(call, schema) {
      return readJson(call, await client.open(call), schema);
    },
    async bytes(call, limit) {
      const response = await client.open(call);
      const body = await readBody(response, { signal: call.signal, ...(limit !== undefined && { limit }) });
      return { body, contentType: response.headers['content-type'] ?? '' };
    },
    signUpgrade: (path, query, signal) => client.signUpgrade(path, query, signal),
    explainUpgrade: (failure) => client.explainUpgrade(failure),
  };
}

class Client {
  readonly #options: ClientOptions;
  #active = 0;
  #release: Promise<Release> | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  release(signal: AbortSignal): Promise<Release> {
    this.#release ??= this.#shakeHands(signal).catch((error: unknown) => {
      this.#release = undefined;
      throw error;
    });
    return this.#release;
  }

  async open(call: Call): Promise<IncomingMessage> {
    const { api } = await this.release(call.signal);
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const repeatable = call.method === 'GET' || call.readsOnly === true;
    const response = await this.#send(repeatable, (base) => {
      const url = join(base, call.path, call.query);
      const headers = this.#sign(call.method, url, api, body === undefined ? undefined : 'application/json');
      return exchange(this.#options.network, {
        method: call.method,
        url,
        headers,
        signal: call.signal,
        ...(body !== undefined && { body }),
      });
    });
    await this.#refuse(call.what, response, call.signal);
    return response;
  }

  async signUpgrade(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<SignedUpgrade> {
    const { api } = await this.release(signal);
    const url = join(this.#endpoint(), path, query);
    const headers = this.#sign('GET', url, api, undefined);
    const target = new URL(url);
    target.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return { url: target, headers };
  }

  async explainUpgrade({ what, error, response, signal }: UpgradeFailure): Promise<unknown> {
    const endpoint = this.#endpoint();
    if (response === undefined) {
      const explained = networkError(error, endpoint);
      if (explained instanceof UnreachableError) this.#leave(endpoint);
      return explained instanceof BaiError ? explained : upgradeFailed(what, error);
    }
    using limit = limitTime(signal, refusalLimitMs);
    try {
      await this.#refuse(what, response, limit.signal);
    } catch (refusal) {
      const { statusCode = 0 } = response;
      // What the body says only makes the message better.
      const isLate = limit.isOver && !signal.aborted;
      return isLate
        ? refusalError(what, parseProblem(statusCode, ''), response, this.#options.now())
        : refusal;
    }
    return upgradeFailed(what, undefined);
  }

  async #shakeHands(signal: AbortSignal): Promise<Release> {
    const response = await this.#send(true, (base) =>
      exchange(this.#options.network, {
        method: 'GET',
        url: join(base, '', undefined),
        headers: { 'User-Agent': this.#options.userAgent },
        signal,
      }),
    );
    const where = this.#endpoint();
    if ((response.statusCode ?? 0) >= 300 && (response.statusCode ?? 0) < 400)
      throw redirected(where, response);
    const status = response.statusCode ?? 0;
    if (status >= 502 && status <= 504) throw proxyWithoutManager(where, status);
    const hello = helloSchema.safeParse(
      parseJson((await readBody(response, { limit: 1 << 20, signal })).toString()),
    );
    if (response.statusCode !== 200 || !hello.success) {
      throw new ProtocolError(
        `${where.href} does not answer as a Backend.AI manager (status ${response.statusCode})`,
        {
          code: 'not-a-manager',
          hint: "check the endpoint: it is the manager's own address, not that of a web console",
        },
      );
    }
    return negotiate(hello.data.version, hello.data.manager ?? '');
  }

  /** Tries the endpoints in turn. Once a request may have been seen, only a repeatable one goes to the next. */
  async #send(
    repeatable: boolean,
    attempt: (base: URL) => Promise<IncomingMessage>,
  ): Promise<IncomingMessage> {
    const { endpoints } = this.#options;
    for (let tried = 1; ; tried += 1) {
      const base = this.#endpoint();
      try {
        return await attempt(base);
      } catch (error) {
        const explained = networkError(error, base);
        const notSent = error instanceof Error && 'notSent' in error && error.notSent === true;
        if (
          !(explained instanceof UnreachableError) &&
          !(explained instanceof BaiError && explained.code === 'unreachable')
        )
          throw explained;
        if (tried >= endpoints.length || !(repeatable || notSent)) throw explained;
        this.#leave(base);
      }
    }
  }

  /** The next one is used from now on, unless another call has found out already. */
  #leave(failed: URL): void {
    if (this.#endpoint() === failed) this.#active = (this.#active + 1) % this.#options.endpoints.length;
  }

  #endpoint(): URL {
    const endpoint = this.#options.endpoints[this.#active];
    if (endpoint === undefined) throw new Error('a client needs an endpoint');
    return endpoint;
  }

  #sign(method: string, url: URL, api: string, contentType: string | undefined): Record<string, string> {
    const date = this.#options.now().toISOString();
    const headers: Record<string, string> = {
      'User-Agent': this.#options.userAgent,
      'X-BackendAI-Version': api,
      'X-BackendAI-Domain': this.#options.domain,
      Date: date,
      ...(contentType !== undefined && { 'Content-Type': contentType }),
    };
    if (this.#options.key === undefined) return headers;
    const parts = {
      method,
      target: url.pathname + url.search,
      host: url.host,
      date,
      contentType: contentType ?? 'application/octet-stream',
      version: api,
    };
    return { ...headers, Authorization: authorization(parts, this.#options.key) };
  }

  async #refuse(what: string, response: IncomingMessage, signal: AbortSignal): Promise<void> {
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return;
    const body = (await readBody(response, { limit: 1 << 20, signal })).toString();
    if (status >= 300 && status < 400) throw redirected(this.#endpoint(), response);
    if (status === 401 && this.#options.key === undefined) throw noKey(what);
    throw refusalError(what, parseProblem(status, body), response, this.#options.now());
  }
}

/** A call without a key: the answer is known before it is sent, but `GET /` and a wrong endpoint come first. */
function noKey(what: string): DeniedError {
  return new DeniedError(`cannot ${what}: no access key is set`, {
    code: 'not-signed-in',
    hint: 'set BACKEND_ACCESS_KEY and BACKEND_SECRET_KEY, or `bai config set accessKey …` and `bai config set secretKey`',
  });
}

/** How long the body of a refusal may take: it only makes the message better. */
const refusalLimitMs = 5_000;

function upgradeFailed(what: string, cause: unknown): UnreachableError {
  return new UnreachableError(`cannot ${what}: the WebSocket did not open`, {
    code: 'upgrade-failed',
    hint: 'a proxy in between may not pass WebSockets on',
    cause,
  });
}

function proxyWithoutManager(endpoint: URL, status: number): UnreachableError {
  return new UnreachableError(
    `the manager at ${endpoint.origin} does not answer (status ${status} of a proxy before it)`,
    {
      code: 'unavailable',
      hint: 'the manager is down or in maintenance: try again later',
    },
  );
}

/** Signed requests are for one host and path; following a redirect would hand them to another. */
function redirected(endpoint: URL, response: IncomingMessage): UnreachableError {
  return new UnreachableError(
    `${endpoint.origin} sends requests on to ${response.headers.location ?? 'another address'}`,
    {
      code: 'redirected',
      hint: 'set the endpoint to the address requests end at',
    },
  );
}

function join(base: URL, path: string, query: Readonly<Record<string, string>> | undefined): URL {
  const url = new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}/${path}`);
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.append(name, value);
  return url;
}

async function readJson<S extends z.ZodMiniType>(
  { what, signal }: Call,
  response: IncomingMessage,
  schema: S,
): Promise<z.infer<S>> {
  const text = (await readBody(response, { signal })).toString();
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new ProtocolError(`cannot ${what}: the manager's answer has not the expected form`, {
    cause: parsed.error,
    hint: 'check that the endpoint is a Backend.AI manager; if it is, report this with its release',
  });
}
