/** Calls to the manager, signed or through the login of a web console: handshake, endpoint list, errors. Knows no single route. */

import type { IncomingMessage } from 'node:http';
import type * as z from 'zod/mini';
import { limitTime } from '../../../core/time-limit.ts';
import { BaiError, type Doubt, TimeoutError, UnreachableError } from '../../../errors.ts';
import { readChecked, urlBelow } from '../../../net/answer.ts';
import { acceptEncoding } from '../../../net/decode.ts';
import { exchange, readBody } from '../../../net/http.ts';
import { overLiveConnection } from '../../../net/live-connection.ts';
import type { Network } from '../../../net/network.ts';
import { networkError } from '../../../net/network-error.ts';
import { withPauses } from '../../../net/pauses.ts';
import { labelOf } from '../../../net/proxy-error.ts';
import { redirected } from '../../../net/redirect.ts';
import { doubted } from '../../../net/send.ts';
import { loginHeader } from '../console/console-calls.ts';
import { loginOver } from '../console/login-refused.ts';
import { type Caller, callHeaders } from './call-headers.ts';
import { readHello } from './handshake.ts';
import { checkIsManager, manager } from './manager-name.ts';
import { type MissingKey, mayHaveActed, noKey, readProblem } from './outcome.ts';
import { type Problem, refusalError } from './problem.ts';
import type { Release, ReleaseMemory } from './release.ts';
import { Releases } from './releases.ts';
import { lostUpgrade, signedInAgain, type UpgradeFailure, upgradeFailed } from './upgrade.ts';

export interface ClientOptions extends Caller {
  readonly endpoints: readonly URL[];
  /** Which parts of the key are not set, for messages. */
  readonly missing?: MissingKey | undefined;
  readonly network: Network;
  /** Hears that a server asked for a pause, which bai makes. */
  readonly onPause?: ((message: string) => void) | undefined;
  /** Where it is, what only reads need not wait for the handshake: it goes beside. */
  readonly memory?: ReleaseMemory | undefined;
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
  /** Of a call that changes something: what is told when nobody knows whether it was carried out. */
  readonly doubt?: Doubt;
  /** Bytes of an answer in JSON; a default that holds all but logs. */
  readonly mostBytes?: number;
  /** Its answer goes on without an end, silent or not. */
  readonly isStream?: boolean;
  /** Nobody waits for it: it asks nobody for a password when the login is over. */
  readonly isAside?: boolean;
  readonly signal: AbortSignal;
}

export interface ManagerClient {
  /** Whether a web console stands before the manager. It passes on neither why a tunnel does not open nor that one has ended. */
  readonly isConsole: boolean;
  /** The handshake, done once; later calls wait for it. */
  release(signal: AbortSignal): Promise<Release>;
  /** The one it was last time, until the handshake, which is begun, has told. What is done by it has to be checked with `release`. */
  likelyRelease(signal: AbortSignal): Promise<Release>;
  /** The one it was last time; nothing where that is not known. */
  lastRelease(): Promise<Release | undefined>;
  /** What `read` finds out by the likely release, or once more by another one that the handshake told. `read` must change nothing. */
  byRelease<T>(signal: AbortSignal, read: (release: Release) => Promise<T>): Promise<T>;
  /** The answer of a call the manager accepted; its body is not read yet. */
  open(call: Call): Promise<IncomingMessage>;
  /** JSON, checked. */
  json<S extends z.ZodMiniType>(call: Call, schema: S): Promise<z.infer<S>>;
  bytes(call: Call, limit?: number): Promise<{ readonly body: Buffer; readonly contentType: string }>;
  /** Where to open a WebSocket and the headers to open it with, by the likely release; good for one attempt. */
  signUpgrade(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<SignedUpgrade>;
  /** Why a WebSocket did not open: its ordinary HTTP answer, or the network's error; `signedInAgain` where that is mended. */
  explainUpgrade(failure: UpgradeFailure): Promise<unknown>;
}

interface SignedUpgrade {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

export function createManagerClient(options: ClientOptions): ManagerClient {
  const client = new Client(options);
  const { releases } = client;
  return {
    isConsole: options.login !== undefined,
    release: (signal) => releases.release(signal),
    likelyRelease: (signal) => releases.likely(signal),
    lastRelease: () => releases.last(),
    byRelease: (signal, read) => releases.by(signal, read),
    open: (call) => client.open(call),
    async json(call, schema) {
      const response = await client.open(call);
      try {
        return await client.readJson(call, response, schema);
      } catch (error) {
        throw doubted(call, error);
      }
    },
    async bytes(call, limit) {
      const response = await client.open(call);
      const body = await readBody(response, {
        ...{ signal: call.signal, server: manager },
        ...(limit !== undefined && { limit }),
      });
      return { body, contentType: response.headers['content-type'] ?? '' };
    },
    signUpgrade: (path, query, signal) => client.signUpgrade(path, query, signal),
    explainUpgrade: (failure) => client.explainUpgrade(failure),
  };
}

/** `isAlone`: not over a connection that is kept. */
type Attempt = (base: URL, isAlone: boolean) => Promise<IncomingMessage>;

class Client {
  readonly #options: ClientOptions;
  #active = 0;
  readonly releases: Releases;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.releases = new Releases(options.memory, (signal) => this.#shakeHands(signal));
  }

  async open(call: Call): Promise<IncomingMessage> {
    const { signal } = call;
    if (!isRepeatable(call)) return await this.#ask(call, await this.releases.release(signal));
    return await this.releases.by(
      signal,
      (release) => this.#ask(call, release),
      (answer) => void answer.destroy(),
    );
  }

  async #ask(call: Call, { api }: Release): Promise<IncomingMessage> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const attempt: Attempt = (base, isAlone) => {
      const url = this.#below(base, call.path, call.query);
      const contentType = body === undefined ? undefined : 'application/json';
      const headers = callHeaders(this.#options, { method: call.method, url, api, contentType });
      const { what, method, signal, isStream = false } = call;
      return exchange(this.#options.network, {
        ...{ what, method, url, headers, signal, isAlone, isStream },
        ...(body !== undefined && { body }),
      });
    };
    const response = await this.#signedIn(call, () => this.#paused(call, () => this.#send(call, attempt)));
    await this.#refuse(call, response);
    return response;
  }

  /** A login that is over is made anew where it can be; what it was refused for was not carried out. */
  async #signedIn(call: Call, attempt: () => Promise<IncomingMessage>): Promise<IncomingMessage> {
    const { login } = this.#options;
    const used = login?.id;
    const response = await attempt();
    if (login === undefined || used === undefined || response.statusCode !== 401) return response;
    response.destroy();
    if (!call.isAside && (await login.renew(used, call.signal))) return await attempt();
    throw loginOver(call.what, this.#endpoint().origin);
  }

  readJson<S extends z.ZodMiniType>(
    { what, signal, mostBytes = largestJson }: Call,
    response: IncomingMessage,
    schema: S,
  ): Promise<z.infer<S>> {
    const speaker = `the manager at ${this.#endpoint().origin}`;
    return readChecked(response, schema, {
      ...{ what, server: manager, speaker, hint: checkIsManager, mostBytes, signal },
    });
  }

  async signUpgrade(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<SignedUpgrade> {
    const { api } = await this.releases.likely(signal);
    const url = this.#below(this.#endpoint(), path, query);
    const headers = callHeaders(this.#options, { method: 'GET', url, api, isTunnel: true });
    const target = new URL(url);
    target.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return { url: target, headers };
  }

  async explainUpgrade({
    what,
    error,
    response,
    headers,
    isRenewed,
    signal,
  }: UpgradeFailure): Promise<unknown> {
    const endpoint = this.#endpoint();
    if (response === undefined) {
      const explained = this.#networkError(error, endpoint);
      if (explained instanceof UnreachableError) this.#leave(endpoint);
      return explained instanceof BaiError ? explained : upgradeFailed(what, error);
    }
    const status = response.statusCode ?? 0;
    const { login } = this.#options;
    if (status === 401 && login !== undefined) {
      response.destroy();
      const mends = !isRenewed && (await login.renew(headers[loginHeader] ?? '', signal));
      return mends ? signedInAgain : loginOver(what, endpoint.origin);
    }
    using limit = limitTime(signal, refusalLimitMs);
    try {
      const problem = await readProblem(response, limit.signal, signal);
      if (lostUpgrade(problem)) return upgradeFailed(what, undefined, status);
      this.#refuseWith(what, problem, response);
    } catch (refusal) {
      return refusal;
    }
    return upgradeFailed(what, undefined, status);
  }

  async #shakeHands(signal: AbortSignal): Promise<Release> {
    const { network, userAgent, now } = this.#options;
    const headers = { 'User-Agent': userAgent, ...acceptEncoding };
    const hello: Attempt = (base, isAlone) =>
      exchange(network, {
        ...{ what: 'answer', method: 'GET', url: this.#below(base, ''), headers, signal, isAlone },
      });
    const call = { what: 'reach the manager', method: 'GET', path: '', signal } as const;
    const response = await this.#paused(call, () => this.#send(call, hello));
    const endpoint = this.#endpoint();
    const { proxy, path } = network.routeTo(endpoint, false);
    const speaker = path === undefined ? undefined : proxy;
    return readHello(response, { endpoint, proxy: speaker, signal, now: now() });
  }

  #paused(call: Call, attempt: () => Promise<IncomingMessage>): Promise<IncomingMessage> {
    const { now, onPause } = this.#options;
    const pausing = { signal: call.signal, isRepeatable: isRepeatable(call), now, onPause };
    return withPauses(attempt, { ...pausing, server: manager });
  }

  /** Tries the endpoints in turn. Once a request may have been seen, only a repeatable one goes to the next. */
  async #send(call: Call, attempt: Attempt): Promise<IncomingMessage> {
    const { endpoints } = this.#options;
    for (let tried = 1; ; tried += 1) {
      const base = this.#endpoint();
      try {
        return await overLiveConnection(isRepeatable(call), (isAlone) => attempt(base, isAlone));
      } catch (error) {
        const explained = this.#networkError(error, base);
        const notSent = error instanceof Error && 'notSent' in error && error.notSent === true;
        const isAway =
          explained instanceof UnreachableError ||
          explained instanceof TimeoutError ||
          (explained instanceof BaiError && explained.code === 'proxy-unreachable');
        if (!isAway || tried >= endpoints.length || !(isRepeatable(call) || notSent))
          throw notSent ? explained : doubted(call, explained);
        this.#leave(base);
      }
    }
  }

  #below(base: URL, path: string, query?: Readonly<Record<string, string>>): URL {
    return urlBelow(base, this.#options.login === undefined ? path : `func/${path}`, query);
  }

  #networkError(error: unknown, base: URL): unknown {
    const proxy = this.#options.network.proxyTo(base);
    const through = proxy && labelOf(proxy);
    return networkError(error, base, { through, server: manager, now: this.#options.now() });
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

  async #refuse(call: Call, response: IncomingMessage): Promise<void> {
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return;
    const problem = await readProblem(response, call.signal, call.signal);
    try {
      this.#refuseWith(call.what, problem, response);
    } catch (error) {
      throw mayHaveActed(problem) ? doubted(call, error) : error;
    }
  }

  #refuseWith(what: string, problem: Problem, response: IncomingMessage): void {
    const { status } = problem;
    if (status >= 200 && status < 300) return;
    if (status >= 300 && status < 400) throw redirected(this.#endpoint(), response);
    if (status === 401 && this.#options.login !== undefined) throw loginOver(what, this.#endpoint().origin);
    if (status === 401 && this.#options.key === undefined) throw noKey(what, this.#options.missing);
    throw refusalError(what, problem, response, this.#options.now());
  }
}

function isRepeatable({ method, readsOnly }: Call): boolean {
  return method === 'GET' || readsOnly === true;
}

/** A list of all images of a large site is a tenth of it; read and checked, it takes many times its size. */
const largestJson = 16 << 20;

/** How long the body of a refusal may take: it only makes the message better. */
const refusalLimitMs = 5_000;
