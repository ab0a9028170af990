/** The manager's side of HTTP: finds the route, checks the signature, words its failures. */

import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { isChallenge, proofPath } from '../../core/local-proof.ts';
import { percentDecoded } from '../../core/text/percent.ts';
import type { Account } from '../model/accounts.ts';
import type { FaultBook } from '../model/faults.ts';
import { badRequest, internalError, methodNotAllowed, Problem } from '../model/problems.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import { type Answer, ok } from '../server/answer.ts';
import { type Arrival, HttpServer, type RequestRecord, readBody, stackOf } from '../server/http-server.ts';
import { createRouter, type FindRoute, type FoundRoute } from '../server/routes.ts';
import type { Exchange, Route } from '../session/exchange.ts';
import { authenticate, checkVersion } from './authentication.ts';

interface HttpFrontDeps {
  readonly behaviour: ReleaseBehaviour;
  readonly accounts: readonly Account[];
  readonly faults: FaultBook;
  readonly routes: readonly Route[];
  /** Answers whoever asks who this is: see `core/local-proof.ts`. */
  readonly prove?: ((challenge: string, port: number) => unknown) | undefined;
  /** Checks an upgrade request and returns what accepts it; throws a Problem to refuse. */
  upgrade(exchange: Exchange): (socket: Duplex, head: Buffer) => void;
}

export class HttpFront implements AsyncDisposable {
  readonly unknownRoutes: string[] = [];
  readonly #deps: HttpFrontDeps;
  readonly #server: HttpServer;
  readonly #find: FindRoute<Route>;

  constructor(deps: HttpFrontDeps) {
    this.#deps = deps;
    this.#find = createRouter(deps.routes);
    this.#server = new HttpServer({
      faults: deps.faults,
      answer: (arrival, signal) => this.#answer(arrival, signal),
      headers: () => this.#commonHeaders(),
      upgrade: (arrival, signal) => this.#upgrade(arrival, signal),
    });
  }

  get port(): number {
    return this.#server.port;
  }

  get requests(): readonly RequestRecord[] {
    return this.#server.requests;
  }

  listen(port: number): Promise<void> {
    return this.#server.listen(port);
  }

  refuseConnections(refuse: boolean): Promise<void> {
    return this.#server.refuseConnections(refuse);
  }

  /** Nobody is let in any more; those that follow events hear of the end of their sessions. */
  stopListening(): void {
    this.#server.stopListening();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }

  async #answer(arrival: Arrival, signal: AbortSignal): Promise<Answer> {
    try {
      if (this.#server.isStopping) throw new Problem(503, { slug: 'unavailable', title: 'Shutting down.' });
      const { method, path, request } = arrival;
      checkVersion(request, this.#deps.behaviour);
      if (method === 'GET' && path === '/') return this.#handshake();
      const challenge = arrival.query.get('challenge');
      if (this.#deps.prove !== undefined && path === proofPath && isChallenge(challenge))
        return ok(this.#deps.prove(challenge, this.port));
      const found = this.#routeOf(method, path);
      if (found === undefined) return this.#unknown(`${method} ${path}`);
      // The signature does not cover the body: who may not call keeps nothing of his in memory.
      const caller = this.#callerOf(request);
      const body = await readBody(request);
      if (body === undefined) throw badRequest('Maximum request body size exceeded');
      return await found.route.handle({ ...arrival, ...caller, body, captured: found.captured, signal });
    } catch (error) {
      return this.#failure(error);
    }
  }

  #callerOf(request: IncomingMessage): Pick<Exchange, 'account' | 'apiVersion'> {
    const { behaviour, accounts } = this.#deps;
    const version = request.headers['x-backendai-version'] ?? request.headers['x-sorna-version'];
    return { account: authenticate(request, accounts, behaviour), apiVersion: String(version) };
  }

  #handshake(): Answer {
    const { apiVersion, release } = this.#deps.behaviour;
    return { status: 200, json: { version: apiVersion, manager: release } };
  }

  #routeOf(method: string, path: string): FoundRoute<Route> | undefined {
    const found = this.#find(method, path);
    if (found === 'other-method') throw methodNotAllowed();
    return found;
  }

  #unknown(line: string): Answer {
    this.unknownRoutes.push(line);
    const problem = new Problem(501, {
      slug: 'not-implemented',
      title: 'This API is not implemented.',
      msg: `the emulator does not know ${line}`,
    });
    return this.#failure(problem);
  }

  #failure(error: unknown): Answer {
    const problem = error instanceof Problem ? error : internalError(`emulator bug: ${stackOf(error)}`);
    return {
      status: problem.status,
      json: problem.body(this.#deps.behaviour),
      contentType: 'application/problem+json; charset=utf-8',
    };
  }

  /** The quota is generous: tests that want 429 ask for it as a fault. */
  #commonHeaders(): OutgoingHttpHeaders {
    const left = Math.max(0, 30_000 - this.requests.length);
    return {
      Server: 'BackendAI',
      'X-RateLimit-Limit': '30000',
      'X-RateLimit-Remaining': String(left),
      'X-RateLimit-Window': '900',
      ...(this.#deps.behaviour.atLeast('26.3') ? { 'X-RateLimit-Reset': '900' } : {}),
    };
  }

  #upgrade(arrival: Arrival, signal: AbortSignal): ((socket: Duplex, head: Buffer) => void) | Answer {
    try {
      return this.#upgradeHandler(arrival, signal);
    } catch (error) {
      return this.#failure(error);
    }
  }

  #upgradeHandler(arrival: Arrival, signal: AbortSignal): (socket: Duplex, head: Buffer) => void {
    checkVersion(arrival.request, this.#deps.behaviour);
    const match = /^\/stream\/session\/([^/]+)\/(?:tcpproxy|httpproxy)$/.exec(arrival.path);
    if (match === null || arrival.method !== 'GET') {
      this.unknownRoutes.push(`${arrival.method} ${arrival.path}`);
      throw badRequest(`the emulator upgrades no ${arrival.path}`);
    }
    const captured = [percentDecoded(match[1] ?? '')];
    const caller = this.#callerOf(arrival.request);
    return this.#deps.upgrade({ ...arrival, ...caller, body: Buffer.alloc(0), captured, signal });
  }
}
