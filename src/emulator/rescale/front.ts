/** The platform's side of HTTP: who asks, how often, and which call it is. */

import { isChallenge, proofPath } from '../../core/local-proof.ts';
import type { FaultBook } from '../model/faults.ts';
import { type Answer, ok } from '../server/answer.ts';
import { type Arrival, HttpServer, readBody, stackOf } from '../server/http-server.ts';
import { createRouter } from '../server/routes.ts';
import { accountOf, type RescaleAccount } from './accounts.ts';
import type { Platform } from './platform.ts';
import { RateLimits, type Scope } from './rate-limits.ts';
import { Refused, refused } from './refusals.ts';
import { routes } from './routes.ts';

interface FrontDeps {
  readonly accounts: readonly RescaleAccount[];
  readonly limits: Partial<Readonly<Record<Scope, number>>> | undefined;
  readonly prove: ((challenge: string, port: number) => unknown) | undefined;
  readonly platform: Platform;
  readonly faults: FaultBook;
}

export class Front {
  readonly unknownRoutes: string[] = [];
  readonly server: HttpServer;
  readonly #deps: FrontDeps;
  readonly #limits: RateLimits;
  readonly #find = createRouter(routes);

  constructor(deps: FrontDeps) {
    this.#deps = deps;
    this.#limits = new RateLimits(deps.limits);
    this.server = new HttpServer({
      faults: deps.faults,
      answer: (arrival) => this.#answer(arrival),
      headers: () => ({}),
    });
  }

  async #answer(arrival: Arrival): Promise<Answer> {
    try {
      return await this.#handle(arrival);
    } catch (error) {
      if (error instanceof Refused) return error.answer;
      return ok({ detail: `emulator bug: ${stackOf(error)}` }, 500);
    }
  }

  async #handle(arrival: Arrival): Promise<Answer> {
    const { request, method, path, query } = arrival;
    const { prove, accounts, platform } = this.#deps;
    const challenge = query.get('challenge');
    if (prove !== undefined && path === proofPath && isChallenge(challenge))
      return ok(prove(challenge, this.server.port));
    const found = this.#find(method, path);
    if (found === undefined) return this.#unknown(`${method} ${path}`);
    const { authorization } = request.headers;
    if (authorization === undefined)
      throw refused(401, 'Authentication credentials were not provided.', { 'WWW-Authenticate': 'Token' });
    const account = accountOf(authorization, accounts);
    if (account === undefined) throw refused(401, 'Invalid token.', { 'WWW-Authenticate': 'Token' });
    if (found === 'other-method') throw refused(405, `Method "${method}" not allowed.`);
    this.#limits.take(account, method, path);
    const body = await readBody(request);
    if (body === undefined) throw refused(413, 'Request entity too large.');
    return found.route.handle({
      ...arrival,
      platform: platform,
      account,
      body,
      captured: found.captured,
    });
  }

  #unknown(line: string): Answer {
    this.unknownRoutes.push(line);
    return ok({ detail: `the emulator does not know ${line}` }, 501);
  }
}
