/** UCloud's HTTP side: finds the route, asks who calls, makes answers of refusals. */

import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { isChallenge, proofPath } from '../../core/local-proof.ts';
import type { FaultBook } from '../model/faults.ts';
import { type Answer, ok } from '../server/answer.ts';
import { type Arrival, HttpServer, readBody, stackOf } from '../server/http-server.ts';
import { createRouter } from '../server/routes.ts';
import type { Actor } from './accounts.ts';
import { badRequest, forbidden, Refusal, unknownPath } from './problem.ts';
import { bearerIn, type Core, type Route } from './routes.ts';

interface FrontDeps {
  readonly core: Core;
  readonly faults: FaultBook;
  readonly routes: readonly Route[];
  /** Takes connections over that follow a job. */
  follow(socket: Duplex, head: Buffer, request: IncomingMessage): void;
  /** Answers whoever asks who this is: see `core/local-proof.ts`. */
  readonly prove?: ((challenge: string, port: number) => unknown) | undefined;
}

export interface Front {
  readonly server: HttpServer;
  /** `METHOD /path` of every request that no route took. */
  readonly unknownRoutes: readonly string[];
}

export function createFront(deps: FrontDeps): Front {
  const { core, faults, routes, prove } = deps;
  const find = createRouter(routes);
  const unknownRoutes: string[] = [];
  const answer = async (arrival: Arrival): Promise<Answer> => {
    const { method, path, query } = arrival;
    const challenge = query.get('challenge');
    if (prove !== undefined && path === proofPath && isChallenge(challenge))
      return ok(prove(challenge, server.port));
    const found = find(method, path);
    if (found === undefined || found === 'other-method') {
      unknownRoutes.push(`${method} ${path}`);
      return unknownPath;
    }
    return handled(found.route, arrival, core).catch((error: unknown) => {
      if (error instanceof Refusal) return error.answer();
      return new Refusal(500, `emulator bug: ${stackOf(error)}`).answer();
    });
  };
  const server = new HttpServer({
    faults,
    answer,
    headers: (): OutgoingHttpHeaders => ({}),
    upgrade: ({ method, path, request }) =>
      method === 'GET' && path === '/api/jobs'
        ? (socket, head) => deps.follow(socket, head, request)
        : unknownPath,
  });
  return { server, unknownRoutes };
}

async function handled({ open, handle }: Route, arrival: Arrival, core: Core): Promise<Answer> {
  const { request, query } = arrival;
  // Who may not call keeps nothing of his in memory.
  const actor = open === undefined ? callerOf(request, core) : undefined;
  if (open === undefined && actor === undefined) throw forbidden();
  const body = await readBody(request);
  if (body === undefined) throw badRequest('Could not read request body');
  const exchange = { request, query, body };
  if (open !== undefined) return open(exchange);
  if (handle === undefined || actor === undefined) throw forbidden();
  return handle(exchange, actor);
}

/** A guest may call nothing of this. */
function callerOf(request: IncomingMessage, core: Core): Actor | undefined {
  const project = request.headers['project'];
  return actorOf(core, bearerIn(request), typeof project === 'string' ? project : undefined);
}

/** Nothing for a guest. An API token brings its own workspace, and no header changes it. */
export function actorOf(
  { accounts, tokens }: Core,
  bearer: string,
  project: string | undefined,
): Actor | undefined {
  if (bearer.startsWith('uc')) return tokens.actorOf(bearer);
  return accounts.actorOf(bearer, project);
}
