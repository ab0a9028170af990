/** The part of an emulated server that is HTTP alone: it listens, lets faults strike, writes answers, keeps records. */

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
import type { Fault, FaultBook } from '../model/faults.ts';
import type { Answer } from './answer.ts';

export interface RequestRecord {
  readonly method: string;
  readonly target: string;
  /** 0 when the connection ended without an answer. */
  readonly status: number;
}

export interface Arrival {
  readonly request: IncomingMessage;
  readonly method: string;
  /** Without the query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
}

interface HttpServerDeps {
  readonly faults: FaultBook;
  /** Never rejects, but for a signal that is aborted: a failure is an answer too. */
  answer(arrival: Arrival, signal: AbortSignal): Promise<Answer>;
  /** Headers of every answer. */
  headers(): OutgoingHttpHeaders;
  /** What takes over the connection of an upgrade, or the answer that refuses it. Left out, there are none. */
  upgrade?(arrival: Arrival, signal: AbortSignal): UpgradeOutcome | Promise<UpgradeOutcome>;
}

export type UpgradeOutcome = ((socket: Duplex, head: Buffer) => void) | Answer;

export class HttpServer implements AsyncDisposable {
  readonly requests: RequestRecord[] = [];
  readonly #deps: HttpServerDeps;
  readonly #server: Server;
  readonly #closing = new AbortController();
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #isStopping = false;

  constructor(deps: HttpServerDeps) {
    this.#deps = deps;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    if (deps.upgrade !== undefined)
      this.#server.on('upgrade', (request, socket, head) => void this.#serveUpgrade(request, socket, head));
  }

  get port(): number {
    return this.#port;
  }

  get isStopping(): boolean {
    return this.#isStopping;
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

  /** Nobody is let in any more; what is open goes on. */
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
    await this.#write(response, await this.#deps.answer(arrival, signal), cutAfter);
  }

  async #write(response: ServerResponse, answer: Answer, cutAfter?: number): Promise<void> {
    const headers = { ...this.#deps.headers(), ...answer.headers };
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

  async #serveUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const arrival = arrivalOf(request);
    const signal = this.#closing.signal;
    try {
      for (const fault of this.#deps.faults.forRequest(arrival.method, arrival.path)) {
        if (fault.kind === 'hang') return;
        if (fault.kind === 'reset') return resetSocket(request);
        if (fault.kind === 'delay') await wait(fault.ms, undefined, { signal });
        if (fault.kind === 'answer') return await this.#refuseUpgrade(arrival, socket, faultAnswer(fault));
      }
      const outcome = (await this.#deps.upgrade?.(arrival, signal)) ?? { status: 404 };
      if (typeof outcome !== 'function') return await this.#refuseUpgrade(arrival, socket, outcome);
      this.#record(arrival, 101);
      outcome(socket, head);
    } catch (error) {
      if (!signal.aborted) throw error;
      socket.destroy();
    }
  }

  #refuseUpgrade(arrival: Arrival, socket: Duplex, answer: Answer): Promise<void> {
    const response = new ServerResponse(arrival.request);
    // An upgraded socket is a net.Socket here; only the type of the event is wider.
    response.assignSocket(socket as Parameters<typeof response.assignSocket>[0]);
    response.shouldKeepAlive = false;
    response.on('finish', () => socket.end());
    this.#record(arrival, answer.status);
    return this.#write(response, answer);
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

const largestBody = 32 * 1024 * 1024;

/** The whole body; nothing when it is larger than any that is meant. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) return undefined;
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

/** For an answer that says that the emulator itself is wrong. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
