/** One HTTP exchange with the manager: bounded in time and size, redirects not followed. */

import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import { TLSSocket } from 'node:tls';
import { BaiError, ProtocolError, reasonOf, TimeoutError, UnreachableError } from '../errors.ts';
import type { Network } from './network.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** The server decides how much it sends; nothing bai asks for in one piece is larger. */
const bodyLimit = 64 * 1024 * 1024;

/**
 * The answer once its header is there. Rejects with the system's error when there is no answer;
 * `notSent` on that error tells that the server cannot have seen the request.
 */
export function exchange(network: Network, request: HttpRequest): Promise<IncomingMessage> {
  const { method, url, headers, body, signal } = request;
  const send = url.protocol === 'https:' ? https.request : http.request;
  return new Promise((resolve, reject) => {
    const outgoing = send(url, {
      method,
      headers:
        body === undefined ? headers : { ...headers, 'Content-Length': String(Buffer.byteLength(body)) },
      agent: network.agentFor(url),
      signal,
    });
    let connected = false;
    const timer = limitConnecting(network, url, (error) => outgoing.destroy(error));
    outgoing.once('socket', (socket) => {
      const ready = (): void => {
        connected = true;
        clearTimeout(timer);
      };
      // An agent may hand over a socket that stands already: one used before, or one to a proxy.
      const pending = socket instanceof TLSSocket ? isHandshaking(socket) : socket.connecting;
      if (outgoing.reusedSocket || !pending) ready();
      else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', ready);
    });
    outgoing.setTimeout(network.options.readTimeoutMs, () => {
      outgoing.destroy(
        new TimeoutError(`${url.host} did not answer in ${network.options.readTimeoutMs / 1000} s`),
      );
    });
    outgoing.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    outgoing.once('error', (error) => {
      clearTimeout(timer);
      reject(Object.assign(error, { notSent: !connected }));
    });
    outgoing.end(body);
  });
}

/** Node's types leave the property out. */
function isHandshaking(socket: TLSSocket): boolean {
  return 'secureConnecting' in socket && socket.secureConnecting === true;
}

function limitConnecting(
  network: Network,
  url: URL,
  fail: (error: Error) => void,
): NodeJS.Timeout | undefined {
  const limit = network.options.connectTimeoutMs;
  if (limit <= 0) return undefined;
  return setTimeout(() => {
    const error = new TimeoutError(`no connection to ${url.host} in ${limit / 1000} s`, {
      code: 'unreachable',
      hint: 'check the endpoint and your network (VPN, proxy, firewall)',
    });
    fail(error);
  }, limit);
}

export interface ReadOptions {
  /** Bytes; a default that nothing bai asks for exceeds. */
  readonly limit?: number;
  /** That of the request. */
  readonly signal: AbortSignal;
}

/** The whole body. A cut or an abort in the middle of it is an error that says so. */
export async function readBody(
  response: IncomingMessage,
  { limit = bodyLimit, signal }: ReadOptions,
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
      if (size > limit) throw tooLarge(limit);
      chunks.push(bytes);
    }
  } catch (cause) {
    if (cause instanceof BaiError) throw cause;
    // An aborted request looks like a cut connection from here.
    throw signal.aborted ? reasonOf(signal) : brokenOff(cause);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (!response.complete) throw brokenOff(undefined);
  return Buffer.concat(chunks);
}

function tooLarge(limit: number): ProtocolError {
  return new ProtocolError(`the manager's answer is larger than ${limit} bytes`, {
    code: 'answer-too-large',
    hint: 'check that the endpoint is a Backend.AI manager',
  });
}

function brokenOff(cause: unknown): UnreachableError {
  return new UnreachableError("the manager's answer broke off", {
    code: 'answer-cut',
    hint: 'try again; when it stays, look for a proxy or firewall in between',
    cause,
  });
}
