/**
 * The coordinator and the TCP worker of an app proxy, as those of 26.9.6: the manager gives out tokens, the coordinator makes circuits of
 * them, and the worker has a port for each.
 */

import { randomUUID } from 'node:crypto';
import type { FaultBook } from '../model/faults.ts';
import { type Answer, ok } from '../server/answer.ts';
import { type Arrival, HttpServer, type RequestRecord, stackOf } from '../server/http-server.ts';
import type { Session } from '../session/session.ts';
import type { App } from '../session/session-parts.ts';
import { Circuit } from './circuit.ts';
import { type AuthRequest, readAuthRequest, readParameters } from './parameters.ts';
import { noSuchToken, portNotAvailable, proxyProblem, sessionMismatch, unknown } from './problems.ts';

export interface AppProxyOptions {
  /** It refuses what the manager sends before it gives out a token, as one does that was not told to take it. */
  readonly refusesManager?: boolean;
  /** What the manager has for the address of the coordinator; empty as in a resource group whose address was taken away. */
  readonly address?: string;
}

export interface EmulatedAppProxy {
  /** Of the coordinator, `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** Every request to coordinator and worker so far, with queries in which tokens stand. */
  readonly requests: readonly RequestRecord[];
  /** Ports that lead into sessions, in the order they were opened. */
  readonly ports: readonly number[];
  /** TCP connections that the worker has let in so far. */
  readonly accepted: number;
  /** From now on nobody listens on its ports. */
  stopWorker(): void;
  /** Forgets all tokens, as when it was started anew. */
  forgetTokens(): void;
}

interface Token {
  readonly session: Session;
  readonly app: App;
}

export class AppProxy implements AsyncDisposable {
  readonly options: AppProxyOptions;
  readonly #coordinator: HttpServer;
  readonly #worker: HttpServer;
  readonly #tokens = new Map<string, Token>();
  readonly #circuits: Circuit[] = [];
  /** By the token that its worker is shown. */
  readonly #setups = new Map<string, Circuit>();

  constructor(options: AppProxyOptions, faults: FaultBook) {
    this.options = options;
    const serve = (route: (arrival: Arrival) => Answer | Promise<Answer>): HttpServer =>
      new HttpServer({
        faults,
        headers: () => ({ Server: 'BackendAI' }),
        answer: (arrival) => safely(arrival, route),
      });
    this.#coordinator = serve((arrival) => this.#coordinate(arrival));
    this.#worker = serve((arrival) => this.#setUp(arrival));
  }

  async listen(): Promise<void> {
    await this.#coordinator.listen(0);
    await this.#worker.listen(0);
  }

  /** What the manager tells its clients of an app. */
  startService(session: Session, app: App): { readonly token: string; readonly wsproxy_addr: string } {
    const token = randomUUID();
    this.#tokens.set(token, { session, app });
    return { token, wsproxy_addr: this.options.address ?? this.#endpoint };
  }

  get shown(): EmulatedAppProxy {
    const [circuits, tokens] = [this.#circuits, this.#tokens];
    const [coordinator, worker] = [this.#coordinator, this.#worker];
    return {
      endpoint: this.#endpoint,
      get requests() {
        return [...coordinator.requests, ...worker.requests];
      },
      get ports() {
        return circuits.map(({ port }) => port);
      },
      get accepted() {
        return circuits.reduce((sum, { accepted }) => sum + accepted, 0);
      },
      stopWorker: () => {
        for (const each of circuits) each.stopListening();
      },
      forgetTokens: () => tokens.clear(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#circuits) await each[Symbol.asyncDispose]();
    await this.#coordinator[Symbol.asyncDispose]();
    await this.#worker[Symbol.asyncDispose]();
  }

  get #endpoint(): string {
    return `http://127.0.0.1:${this.#coordinator.port}`;
  }

  async #coordinate(arrival: Arrival): Promise<Answer> {
    const { path, query } = arrival;
    if (path === '/status') return ok({ api_version: 'v2', advertise_address: this.#endpoint });
    if (path === '/v2/proxy/auth') return await this.#authorise(arrival);
    const [, token, session] = /^\/v2\/proxy\/([^/]+)\/([^/]+)\/add$/.exec(path) ?? [];
    if (token === undefined || session === undefined) return unknown(path);
    const refused = readParameters(query);
    if ('status' in refused) return refused;
    const all = new URLSearchParams([...query, ['token', token], ['session_id', session]]);
    return ok({ code: 200, url: `${this.#endpoint}/v2/proxy/auth?${all.toString()}` });
  }

  async #authorise({ query, request }: Arrival): Promise<Answer> {
    const wish = readAuthRequest(query);
    if ('status' in wish) return wish;
    const found = this.#tokens.get(wish.token);
    if (found === undefined) return noSuchToken();
    if (found.session.id !== wish.sessionId) return sessionMismatch();
    const circuit = await this.#circuitFor(found, wish);
    if (circuit === undefined) return portNotAvailable();
    const setup = randomUUID();
    this.#setups.set(setup, circuit);
    const url = `http://127.0.0.1:${this.#worker.port}/setup?token=${setup}`;
    if (request.headers.accept === 'application/json') return ok({ redirect_url: url, reuse: false });
    return {
      status: 308,
      bytes: Buffer.from('308: Permanent Redirect'),
      contentType: 'text/plain',
      headers: { Location: url },
    };
  }

  /** One for the same session, app and addresses, whatever port is wished; nothing when the port cannot be had. */
  async #circuitFor({ session, app }: Token, wish: AuthRequest): Promise<Circuit | undefined> {
    const { allowed, isPublic } = wish;
    const spec = { session, app, allowed, isPublic };
    const same = this.#circuits.find(
      ({ spec: has }) =>
        has.session === session &&
        has.app.name === app.name &&
        has.allowed === allowed &&
        has.isPublic === isPublic,
    );
    if (same !== undefined && !wish.isNew) return same;
    const circuit = new Circuit(spec);
    if ((wish.port !== undefined && wish.port < 1024) || !(await circuit.listen(wish.port ?? 0)))
      return undefined;
    this.#circuits.push(circuit);
    return circuit;
  }

  #setUp({ path, query }: Arrival): Answer {
    if (path !== '/setup') return unknown(path);
    const circuit = this.#setups.get(query.get('token') ?? '');
    if (circuit === undefined) return proxyProblem(500, 'internal-server-error', 'Internal server error.');
    const gateway = encodeURIComponent(`tcp://127.0.0.1:${circuit.port}`);
    const redirect = `http://localhost:45678/start?directTCP=true&auth=${randomUUID()}&proto=tcp&gateway=${gateway}`;
    return ok({ redirect, redirectURI: redirect });
  }
}

async function safely(
  arrival: Arrival,
  route: (arrival: Arrival) => Answer | Promise<Answer>,
): Promise<Answer> {
  try {
    return await route(arrival);
  } catch (error) {
    return proxyProblem(500, 'internal-server-error', `emulator bug: ${stackOf(error)}`);
  }
}
