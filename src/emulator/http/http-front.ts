/** The HTTP side: finds the route, checks the signature, lets faults strike, writes answers. */

import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { isChallenge, proofPath } from '../../core/local-proof.ts';
import { percentDecoded } from '../../core/text/percent.ts';
import type { Account } from '../model/accounts.ts';
import type { Fault, FaultBook } from '../model/faults.ts';
import { badRequest, internalError, methodNotAllowed, Problem } from '../model/problems.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import { type Answer, type Exchange, ok, type Route } from '../session/exchange.ts';
import { authenticate, checkVersion } from './authentication.ts';

const largestBody = 32 * 1024 * 1024;

export interface HttpFrontDeps {
  readonly behaviour: ReleaseBehaviour;
  readonly accounts: readonly Account[];
  readonly faults: FaultBook;
  readonly routes: readonly Route[];
  /** Answers whoever asks who this is: see `core/local-proof.ts`. */
  readonly prove?: ((challenge: string, port: number) => unknown) | undefined;
  /** Checks an upgrade request and returns what accepts it; throws a Problem to refuse. */
  upgrade(exchange: Exchange): (socket: Duplex, head: Buffer) => void;
}

export interface RequestRecord {
  readonly method: string;
  readonly target: string;
  /** 0 when the connection ended without an answer. */
  readonly status: number;
}

interface Arrival {
  readonly request: IncomingMessage;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

export class HttpFront implements AsyncDisposable {
  readonly requests: RequestRecord[] = [];
  readonly unknownRoutes: string[] = [];
  readonly #deps: HttpFrontDeps;
  readonly #server: Server;
  readonly #closing = new AbortController();
  readonly #routes: readonly { readonly route: Route; readonly expression: RegExp }[];
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #isStopping = false;

  constructor(deps: HttpFrontDeps) {
    this.#deps = deps;
    this.#routes = deps.routes.map((route) => ({
      route,
      expression: new RegExp(`^${route.path.replaceAll('{}', '([^/]+)')}$`),
    }));
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (request, socket, head) => void this.#serveUpgrade(request, socket, head));
  }

  get port(): number {
    return this.#port;
  }

  /** Listens on 127.0.0.1; 0 is any free port. */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    // A TCP server that listens always has an AddressInfo.
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Stops or resumes listening on the same port; connections that are open stay. */
  async refuseConnections(refuse: boolean): Promise<void> {
    if (refuse === !this.#server.listening) return;
    if (!refuse) return this.listen(this.#port);
    // The callback waits for open connections, which are to stay: the listening socket is closed at once.
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Nobody is let in any more; those that follow events hear of the end of their sessions. */
  stopListening(): void {
    this.#isStopping = true;
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopListening();
    this.#closing.abort();
    const closed = [...this.#sockets].map((socket) => once(socket, 'close'));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrival = arrivalOf(request);
    response.on('close', () => this.#record(arrival, response.headersSent ? response.statusCode : 0));
    response.on('error', () => request.destroy());
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#closing.signal]);
    try {
      await this.#strikeAndAnswer(arrival, response, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #strikeAndAnswer(arrival: Arrival, response: ServerResponse, signal: AbortSignal): Promise<void> {
    let cutAfter: number | undefined;
    for (const fault of this.#deps.faults.forRequest(arrival.method, arrival.path)) {
      if (fault.kind === 'hang') return;
      if (fault.kind === 'reset') return resetSocket(arrival.request);
      if (fault.kind === 'delay') await wait(fault.ms, undefined, { signal });
      if (fault.kind === 'cut') cutAfter = fault.afterBytes;
      if (fault.kind === 'answer') return this.#write(response, faultAnswer(fault), cutAfter);
    }
    await this.#write(response, await this.#answer(arrival, signal), cutAfter);
  }

  async #answer(arrival: Arrival, signal: AbortSignal): Promise<Answer> {
    try {
      if (this.#isStopping) throw new Problem(503, { slug: 'unavailable', title: 'Shutting down.' });
      const { method, path, request } = arrival;
      checkVersion(request, this.#deps.behaviour);
      if (method === 'GET' && path === '/') return this.#handshake();
      const challenge = arrival.query.get('challenge');
      if (this.#deps.prove !== undefined && path === proofPath && isChallenge(challenge))
        return ok(this.#deps.prove(challenge, this.#port));
      const found = this.#find(method, path);
      if (found === undefined) return this.#unknown(`${method} ${path}`);
      // The signature does not cover the body: who may not call keeps nothing of his in memory.
      const caller = this.#callerOf(request);
      const body = await readBody(request);
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

  #find(method: string, path: string): { route: Route; captured: string[] } | undefined {
    let known = false;
    for (const { route, expression } of this.#routes) {
      const match = expression.exec(path);
      if (match === null) continue;
      known = true;
      if (route.method === method) return { route, captured: match.slice(1).map(percentDecoded) };
    }
    if (known) throw methodNotAllowed();
    return undefined;
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

  async #write(response: ServerResponse, answer: Answer, cutAfter?: number): Promise<void> {
    const headers = { ...this.#commonHeaders(), ...answer.headers };
    if (answer.stream !== undefined) {
      response.writeHead(answer.status, { ...headers, 'Content-Type': answer.contentType ?? 'text/plain' });
      return answer.stream(response);
    }
    const bytes =
      answer.bytes ?? (answer.json === undefined ? undefined : Buffer.from(JSON.stringify(answer.json)));
    if (bytes === undefined) {
      response.writeHead(answer.status, headers).end();
      return;
    }
    response.writeHead(answer.status, {
      ...headers,
      'Content-Type': answer.contentType ?? 'application/json; charset=utf-8',
      'Content-Length': bytes.length,
    });
    if (cutAfter === undefined || cutAfter >= bytes.length) {
      response.end(bytes);
      return;
    }
    response.write(bytes.subarray(0, cutAfter), () => response.socket?.destroy());
    response.flushHeaders();
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

  async #serveUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const arrival = arrivalOf(request);
    const signal = this.#closing.signal;
    const refuse = (answer: Answer, cutAfter?: number) => {
      const response = new ServerResponse(request);
      // An upgraded socket is a net.Socket here; only the type of the event is wider.
      response.assignSocket(socket as Parameters<typeof response.assignSocket>[0]);
      response.shouldKeepAlive = false;
      response.on('finish', () => socket.end());
      this.#record(arrival, answer.status);
      return this.#write(response, answer, cutAfter);
    };
    try {
      for (const fault of this.#deps.faults.forRequest(arrival.method, arrival.path)) {
        if (fault.kind === 'hang') return;
        if (fault.kind === 'reset') return resetSocket(request);
        if (fault.kind === 'delay') await wait(fault.ms, undefined, { signal });
        if (fault.kind === 'answer') return await refuse(faultAnswer(fault));
      }
      const accept = this.#upgradeHandler(arrival);
      this.#record(arrival, 101);
      accept(socket, head);
    } catch (error) {
      if (signal.aborted) socket.destroy();
      else await refuse(this.#failure(error));
    }
  }

  #upgradeHandler(arrival: Arrival): (socket: Duplex, head: Buffer) => void {
    checkVersion(arrival.request, this.#deps.behaviour);
    const match = /^\/stream\/session\/([^/]+)\/(?:tcpproxy|httpproxy)$/.exec(arrival.path);
    if (match === null || arrival.method !== 'GET') {
      this.unknownRoutes.push(`${arrival.method} ${arrival.path}`);
      throw badRequest(`the emulator upgrades no ${arrival.path}`);
    }
    const captured = [percentDecoded(match[1] ?? '')];
    const caller = this.#callerOf(arrival.request);
    const { signal } = this.#closing;
    return this.#deps.upgrade({ ...arrival, ...caller, body: Buffer.alloc(0), captured, signal });
  }

  #record(arrival: Arrival, status: number): void {
    this.requests.push({ method: arrival.method, target: arrival.request.url ?? '/', status });
  }
}

function arrivalOf(request: IncomingMessage): Arrival {
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  return {
    request,
    method: request.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) throw badRequest('Maximum request body size exceeded');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function faultAnswer(fault: Extract<Fault, { kind: 'answer' }>): Answer {
  const text = typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body ?? {});
  return {
    status: fault.status,
    bytes: Buffer.from(text),
    ...(fault.contentType === undefined ? {} : { contentType: fault.contentType }),
    ...(fault.headers === undefined ? {} : { headers: fault.headers }),
  };
}

function resetSocket(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
