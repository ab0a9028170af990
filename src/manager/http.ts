/** One HTTP exchange with the manager: bounded in time and size, redirects not followed. */

import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import { ProtocolError, TimeoutError } from '../errors.ts';
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
      if (outgoing.reusedSocket) ready();
      else socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', ready);
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

/** The whole body. */
export async function readBody(response: IncomingMessage, limit: number = bodyLimit): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > limit) {
      response.destroy();
      throw new ProtocolError(`the manager's answer is larger than ${limit} bytes`);
    }
    chunks.push(bytes);
  }
  if (!response.complete) throw new ProtocolError("the manager's answer broke off", { code: 'answer-cut' });
  return Buffer.concat(chunks);
}
