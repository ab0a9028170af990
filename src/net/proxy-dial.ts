/** The way to an address through a proxy: the connection to the proxy itself, and from there on (CONNECT, SOCKS). */

import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { countDown } from '../core/time-limit.ts';
import type { ProxyServer } from './proxy-choice.ts';
import { limitReached, proxyAnswered, proxyFailed } from './proxy-error.ts';

export interface DialTarget {
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
}

interface DialLimits {
  readonly signal: AbortSignal;
  /** Milliseconds until the connection must stand; 0 is no limit. */
  readonly connectTimeoutMs: number;
}

interface ProxyWay {
  readonly proxy: ProxyServer;
  readonly target: DialTarget;
  readonly limits: DialLimits;
}

/**
 * A connection to the target that the proxy has made. Every failure is an error that names the proxy, and means that
 * nothing has reached the target.
 */
export function dialThrough({ proxy, target, limits }: ProxyWay): Promise<Duplex> {
  return inTime({ proxy, target, limits }, async (signal) => {
    // Loaded before there is a connection: nobody would hear it break meanwhile.
    const socks = proxy.kind.startsWith('socks') ? await import('./socks-dial.ts') : undefined;
    const connection = { proxy, socket: await connectTo(proxy, signal), signal };
    return socks === undefined ? tunnelTo(target, connection) : socks.askSocks(target, connection);
  });
}

/** A connection to the proxy, for requests that it passes on. */
export function dialProxy({ proxy, target, limits }: ProxyWay): Promise<Duplex> {
  return inTime({ proxy, target, limits }, (signal) => connectTo(proxy, signal));
}

async function inTime(
  { proxy, target, limits }: ProxyWay,
  dial: (signal: AbortSignal) => Promise<Duplex>,
): Promise<Duplex> {
  const { signal, connectTimeoutMs } = limits;
  const limit = new AbortController();
  const late = (): void => limit.abort(limitReached(proxy, nameOf(target), connectTimeoutMs));
  using _limit = connectTimeoutMs > 0 ? countDown(connectTimeoutMs, late) : undefined;
  try {
    return await dial(AbortSignal.any([signal, limit.signal]));
  } catch (error) {
    if (limit.signal.aborted && !signal.aborted) throw limit.signal.reason;
    throw signal.aborted ? error : proxyFailed(proxy, error);
  }
}

export interface ProxyConnection {
  readonly proxy: ProxyServer;
  readonly socket: net.Socket;
  readonly signal: AbortSignal;
}

async function connectTo({ kind, host, port }: ProxyServer, signal: AbortSignal): Promise<net.Socket> {
  signal.throwIfAborted();
  const secure = kind === 'https';
  const socket = secure
    ? tls.connect({
        host,
        port,
        ALPNProtocols: ['http/1.1'],
        ...(net.isIP(host) === 0 && { servername: host }),
      })
    : net.connect({ host, port });
  // Between two listeners an error would end the process; whoever reads on is told by the end of the stream.
  socket.on('error', () => {});
  await untilAborted(socket, signal, once(socket, secure ? 'secureConnect' : 'connect', { signal }));
  return socket;
}

/** A stream that is given up is closed; an error that comes later has nobody to hear it. */
export async function untilAborted<T>(socket: Duplex, signal: AbortSignal, done: Promise<T>): Promise<T> {
  const stop = (): void => void socket.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await done;
  } catch (error) {
    socket.on('error', () => {});
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function nameOf({ host, port }: DialTarget): string {
  return `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
}

async function tunnelTo(target: DialTarget, { proxy, socket, signal }: ProxyConnection): Promise<Duplex> {
  const authority = nameOf(target);
  const request = http.request({
    method: 'CONNECT',
    path: authority,
    headers: { Host: authority, ...loginHeader(proxy) },
    createConnection: () => socket,
    signal,
  });
  request.end();
  return untilAborted(socket, signal, answered(request, proxy, authority));
}

/** What the far side sent right behind the proxy's answer is read again. */
function answered(request: http.ClientRequest, proxy: ProxyServer, authority: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('connect', ({ statusCode = 0 }: http.IncomingMessage, stream: Duplex, head: Buffer) => {
      if (statusCode < 200 || statusCode > 299) return reject(proxyAnswered(proxy, authority, statusCode));
      if (head.length > 0) stream.unshift(head);
      resolve(stream);
    });
  });
}

/** Percent-encoded in the variable, plain in here. */
export function loginHeader({ login }: ProxyServer): Record<string, string> {
  if (login === undefined) return {};
  const pair = Buffer.from(`${login.user}:${login.password}`).toString('base64');
  return { 'Proxy-Authorization': `Basic ${pair}` };
}
