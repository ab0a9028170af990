/** One HTTP exchange with a server: bounded in time and size, redirects not followed. */

import type { ClientRequest, IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import { TLSSocket } from 'node:tls';
import { milestone, placeOf } from '../core/milestones.ts';
import { type Countdown, countDown } from '../core/time-limit.ts';
import { BaiError, ProtocolError, reasonOf, TimeoutError, UnreachableError } from '../errors.ts';
import { decodeBody } from './decode.ts';
import type { Network } from './network.ts';
import type { ProxyServer } from './proxy-choice.ts';
import { limitReached, proxyWantsLogin } from './proxy-error.ts';
import type { ServerName } from './server-name.ts';

export interface HttpRequest {
  /** For people: completes "waiting for HOST to …". */
  readonly what: string;
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Never over a connection that was used before. */
  readonly isAlone?: boolean;
  /** Its answer goes on as long as it likes, silent or not. */
  readonly isStream?: boolean;
  readonly signal: AbortSignal;
}

/** The server decides how much it sends; nothing bai asks for in one piece is larger. */
const bodyLimit = 64 * 1024 * 1024;

/** What became of a request that got no answer. */
interface Unanswered {
  /** The server cannot have seen it. */
  readonly notSent: boolean;
  /** It went over a connection that was kept, which ended before a byte of an answer: that is about the connection. */
  readonly isStale: boolean;
}

/**
 * The answer once its header is there. Rejects with the system's error, or a TimeoutError, when there is no answer; both
 * have the properties of `Unanswered`. Who reads the body finds it ended by a TimeoutError when it does not go on.
 */
export function exchange(network: Network, request: HttpRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { outgoing, proxy } = start(network, request);
    let [connected, bytesBefore] = [false, 0];
    const fail = (error: Error): void => {
      limits[Symbol.dispose]();
      const isCut = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      const isStale = isCut && outgoing.reusedSocket && outgoing.socket?.bytesRead === bytesBefore;
      tell(`no answer: ${error.message}`);
      reject(Object.assign(error, { notSent: !connected, isStale } satisfies Unanswered));
      // Who is asked for the connection may not hear of it: a proxy that says nothing is not waited for.
      outgoing.destroy();
    };
    const limits = new ExchangeLimits({ network, proxy, request, fail });
    const tell = toldOf(request, proxy);
    outgoing.on('error', fail);
    outgoing.once('socket', (socket) => {
      bytesBefore = socket.bytesRead;
      whenConnected(outgoing, () => {
        connected = true;
        limits.connected();
      });
    });
    outgoing.once('response', (response) => {
      if (proxy !== undefined && response.statusCode === 407) {
        response.destroy();
        return fail(proxyWantsLogin(proxy));
      }
      limits.answered(response);
      tell(statusOf(response));
      resolve(response);
    });
    outgoing.end(request.body);
  });
}

/** Neither headers nor bodies, and no query. */
function toldOf({ method, url }: HttpRequest, proxy: ProxyServer | undefined): (outcome: string) => void {
  const begun = performance.now();
  const over = proxy === undefined ? '' : ' over a proxy';
  return (outcome) =>
    milestone(
      'http',
      () => `${method} ${placeOf(url)}${over}: ${outcome} (${Math.round(performance.now() - begun)} ms)`,
    );
}

/** The server's own name for the request, where it has one, is what its administrators look for. */
function statusOf({ statusCode, headers }: IncomingMessage): string {
  const id = headers['x-backendai-request-id'] ?? headers['x-request-id'] ?? headers['job-id'];
  return typeof id === 'string' ? `${statusCode}, request ${id}` : String(statusCode);
}

interface Started {
  readonly outgoing: ClientRequest;
  readonly proxy: ProxyServer | undefined;
}

function start(network: Network, { method, url, headers, body, isAlone = false }: HttpRequest): Started {
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const send = url.protocol === 'https:' ? https.request : http.request;
  const { proxy, ...route } = network.routeTo(url, isAlone);
  const outgoing = send(url, { method, ...route, headers: { ...headers, ...route.headers, ...length } });
  return { outgoing, proxy };
}

/** An agent may hand over a socket that stands already: one used before, or one to a proxy. */
function whenConnected(outgoing: ClientRequest, ready: () => void): void {
  const { socket } = outgoing;
  if (socket === null) return;
  const pending = socket instanceof TLSSocket ? isHandshaking(socket) : socket.connecting;
  if (outgoing.reusedSocket || !pending) ready();
  else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', ready);
}

/** Node's types leave the property out. */
function isHandshaking(socket: TLSSocket): boolean {
  return 'secureConnecting' in socket && socket.secureConnecting === true;
}

interface Limited {
  readonly network: Network;
  readonly proxy: ProxyServer | undefined;
  readonly request: HttpRequest;
  readonly fail: (error: Error) => void;
}

/**
 * Ctrl-C, and the limits of one exchange: until the connection stands, until the answer begins, and for as long as it
 * brings nothing more. Somebody who waits sees for what.
 */
class ExchangeLimits implements Disposable {
  readonly #options: Network['options'];
  readonly #request: HttpRequest;
  readonly #shown: Disposable | undefined;
  readonly #interrupt = (): void => this.#end(reasonOf(this.#request.signal));
  #end: (error: Error) => void;
  #running: Countdown | undefined;

  constructor({ network: { options }, proxy, request, fail }: Limited) {
    const { url, what, signal } = request;
    this.#options = options;
    this.#request = request;
    this.#shown = options.waiting?.(`waiting for ${url.host} to ${what}`, options.readTimeoutMs);
    this.#end = fail;
    signal.addEventListener('abort', this.#interrupt, { once: true });
    // Not before the caller knows of these limits.
    if (signal.aborted) queueMicrotask(this.#interrupt);
    this.#limit(options.connectTimeoutMs, (seconds) =>
      proxy === undefined ? noConnection(url.host, seconds) : limitReached(proxy, url.host, seconds * 1000),
    );
  }

  connected(): void {
    this.#limit(this.#options.readTimeoutMs, (seconds) => noAnswer(this.#request.url.host, seconds));
  }

  /** From now on what ends early is the answer. */
  answered(response: IncomingMessage): void {
    this.#end = (error) => void response.destroy(error);
    response.once('close', () => this[Symbol.dispose]());
    this.#running?.[Symbol.dispose]();
    if (this.#request.isStream === true) this.#shown?.[Symbol.dispose]();
    else this.#limitBody(response);
  }

  [Symbol.dispose](): void {
    this.#request.signal.removeEventListener('abort', this.#interrupt);
    this.#running?.[Symbol.dispose]();
    this.#shown?.[Symbol.dispose]();
  }

  #limit(ms: number, late: (seconds: number) => Error): void {
    this.#running?.[Symbol.dispose]();
    this.#running = ms > 0 ? countDown(ms, () => this.#end(late(ms / 1000))) : undefined;
  }

  /** Single bytes now and then are no answer either. */
  #limitBody(response: IncomingMessage): void {
    const { readTimeoutMs: ms } = this.#options;
    if (ms <= 0) return;
    const patience = countDown(ms, () => this.#end(noMoreOfAnswer(this.#request.url.host, ms / 1000)));
    // Its connection does as long as there is more to come, and an answer that nobody reads is no reason to stay.
    patience.unref();
    this.#running = patience;
    let bytes = 0;
    // To listen for the bytes would set them flowing before anybody takes them.
    const push = response.push.bind(response);
    response.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      bytes += Buffer.isBuffer(chunk) ? chunk.length : 0;
      if (bytes >= progressBytes) {
        bytes = 0;
        patience.restart();
      }
      return push(chunk, encoding);
    };
  }
}

/** What an answer has to bring within its limit. */
const progressBytes = 16 * 1024;

export function noConnection(host: string, seconds: number): TimeoutError {
  return new TimeoutError(`no connection to ${host} in ${seconds} s`, {
    code: 'unreachable',
    hint: 'check the endpoint and your network (VPN, proxy, firewall)',
  });
}

const longerReading = 'try again; BAI_READ_TIMEOUT (the setting readTimeout) allows more time';

function noAnswer(host: string, seconds: number): TimeoutError {
  return new TimeoutError(`${host} did not answer in ${seconds} s`, { hint: longerReading });
}

function noMoreOfAnswer(host: string, seconds: number): TimeoutError {
  return new TimeoutError(`${host} did not go on with its answer for ${seconds} s`, { hint: longerReading });
}

interface ReadOptions {
  /** Bytes; a default that nothing bai asks for exceeds. */
  readonly limit?: number;
  /** That of the request. */
  readonly signal: AbortSignal;
  readonly server: ServerName;
}

/** The whole body. A cut or an abort in the middle of it is an error that says so. */
export async function readBody(
  response: IncomingMessage,
  { limit = bodyLimit, signal, server }: ReadOptions,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = (): void => void response.destroy();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of response) {
      const bytes: Buffer = chunk;
      size += bytes.length;
      if (size > limit) throw tooLarge(limit, server);
      chunks.push(bytes);
    }
  } catch (cause) {
    if (cause instanceof BaiError) throw cause;
    // An aborted request looks like a cut connection from here.
    throw signal.aborted ? reasonOf(signal) : brokenOff(server, cause);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (!response.complete) throw brokenOff(server);
  const bytes = Buffer.concat(chunks);
  return decodeBody(response, bytes, { limit, server, tooLarge: () => tooLarge(limit, server) });
}

function tooLarge(limit: number, { name, kind }: ServerName): ProtocolError {
  return new ProtocolError(`${name}'s answer is larger than ${limit} bytes`, {
    code: 'answer-too-large',
    hint: `check that the endpoint is ${kind}`,
  });
}

function brokenOff({ name }: ServerName, cause?: unknown): UnreachableError {
  return new UnreachableError(`${name}'s answer broke off`, {
    code: 'answer-cut',
    hint: 'try again; if it persists, check for a proxy or firewall in between',
    cause,
  });
}
