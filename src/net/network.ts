/** One way to a server for HTTP and for WebSockets: the same proxy, the same certificates. */

import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { atMost } from '../core/time-limit.ts';
import { LateStream, type OpenStream } from './late-stream.ts';
import { chooseProxy, type ProxyEnvironment, type ProxyServer } from './proxy-choice.ts';
import { type DialTarget, dialProxy, dialThrough, loginHeader, untilAborted } from './proxy-dial.ts';

export interface NetworkOptions {
  readonly skipTlsVerify: boolean;
  /** Milliseconds until a connection must stand; 0 is no limit. */
  readonly connectTimeoutMs: number;
  /** Milliseconds without a byte of an answer; 0 is no limit. */
  readonly readTimeoutMs: number;
  /** Shows somebody what is waited for, once that has taken a moment, until it is disposed of. */
  readonly waiting?: ((text: string, limitMs: number) => Disposable) | undefined;
  /** Another way to the server's port than the network of this machine; then no proxy is asked. */
  readonly dial?: Dial | undefined;
  /** What that way is, for people: completes "connected …". */
  readonly dialWords?: string | undefined;
  /** Where proxies are named. */
  readonly environment: ProxyEnvironment;
}

/** A stream that the HTTP agents can use in place of a socket. It ends with an error when there is no way. */
export type Dial = (target: DialTarget) => Duplex;

/** How a request gets there. */
interface Route {
  /** Connections are kept and used again where that is the server's to decide. */
  readonly agent: http.Agent;
  /** In place of the path alone, for a proxy that passes requests on. */
  readonly path?: string;
  /** What is in between. */
  readonly proxy: ProxyServer | undefined;
  /** For that proxy only. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Network {
  readonly options: NetworkOptions;
  /** Connections are kept and used again, unless `isAlone`. */
  routeTo(url: URL, isAlone: boolean): Route;
  /** What is in between, for messages. */
  proxyTo(url: URL): ProxyServer | undefined;
  /** A connection of its own to the server's port, or to a proxy that passes requests on. TLS to the server is not begun. */
  connect(url: URL, signal: AbortSignal): Promise<Duplex>;
  /** For WebSockets; `takesOver`: over a connection that a request has left, when there is one. */
  upgradeAgentFor(url: URL, takesOver: boolean): http.Agent;
  /** Something goes over it that ends by itself, and that `close` gives a little time for. */
  closeAfter(end: Promise<void>): void;
  close(): Promise<void>;
}

const farewellMs = 1_000;

/** Proxies come from HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY; extra CAs from NODE_EXTRA_CA_CERTS. */
export function createNetwork(options: NetworkOptions): Network {
  const agents = new Map<string, http.Agent>();
  const ending = new Set<Promise<void>>();
  let leftAt = Date.now();
  const dropOld = (): void => {
    // By the clock on the wall, which does not stand still while this machine sleeps.
    if (Math.abs(Date.now() - leftAt) > keptMs) for (const each of agents.values()) dropIdle(each);
  };
  const proxyTo = (url: URL): ProxyServer | undefined =>
    options.dial === undefined ? chooseProxy(options.environment, url) : undefined;
  const agent = (url: URL, keepAlive: boolean): http.Agent => {
    const proxy = proxyTo(url);
    const passesOn = isPassedOn(url, proxy);
    const key = [isSecure(url), passesOn, proxy?.variable, keepAlive].join(' ');
    const known = agents.get(key);
    if (known) return known;
    const settings = { keepAlive, rejectUnauthorized: !options.skipTlsVerify };
    const open = wayOf(options, proxy, passesOn);
    const made = open === undefined ? directAgent(url, settings) : lateAgent(url, open, settings);
    made.on('free', () => {
      leftAt = Date.now();
    });
    agents.set(key, made);
    return made;
  };
  return {
    options,
    proxyTo,
    routeTo(url, isAlone) {
      dropOld();
      const proxy = proxyTo(url);
      if (proxy === undefined || !isPassedOn(url, proxy)) return { agent: agent(url, !isAlone), proxy };
      // Many proxies close a connection after each request, and some without saying so.
      return { agent: agent(url, false), proxy, path: url.href, headers: loginHeader(proxy) };
    },
    async connect(url, signal) {
      const proxy = proxyTo(url);
      const target = { host: hostOf(url), port: portOf(url) };
      const open = wayOf(options, proxy, isPassedOn(url, proxy));
      return open === undefined ? connectDirectly(target, signal) : open(target, signal);
    },
    upgradeAgentFor(url, takesOver) {
      dropOld();
      return agent(url, takesOver);
    },
    closeAfter(end) {
      ending.add(end);
      void end.finally(() => ending.delete(end));
    },
    async close() {
      if (ending.size > 0) await atMost(farewellMs, Promise.all(ending));
      for (const each of agents.values()) each.destroy();
      agents.clear();
    },
  };
}

/** A connection that nobody has used for longer may be dead, as all are when a line was cut or a lid closed. */
const keptMs = 5_000;

function dropIdle({ freeSockets }: http.Agent): void {
  for (const sockets of Object.values(freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'wss:';
}

/** Plain requests go to the proxy itself, which often connects on to port 443 alone. A WebSocket it would not pass on. */
function isPassedOn(url: URL, proxy: ProxyServer | undefined): boolean {
  return url.protocol === 'http:' && (proxy?.kind === 'http' || proxy?.kind === 'https');
}

type OpenTo = (target: DialTarget, signal: AbortSignal) => Promise<Duplex>;

/** Nothing for the network of this machine. */
function wayOf(
  { dial, connectTimeoutMs }: NetworkOptions,
  proxy: ProxyServer | undefined,
  passesOn: boolean,
): OpenTo | undefined {
  if (dial !== undefined) return async (target) => dial(target);
  if (proxy === undefined) return undefined;
  return (target, signal) => {
    const way = { proxy, target, limits: { signal, connectTimeoutMs } };
    return passesOn ? dialProxy(way) : dialThrough(way);
  };
}

async function connectDirectly(target: DialTarget, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted();
  const socket = net.connect(target);
  // Whoever reads on is told by the end of the stream.
  socket.on('error', () => {});
  await untilAborted(socket, signal, once(socket, 'connect', { signal }));
  return socket;
}

/** Without the brackets of IPv6. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

export function portOf(url: URL): number {
  return Number(url.port) || (isSecure(url) ? 443 : 80);
}

function directAgent(url: URL, settings: https.AgentOptions): http.Agent {
  return isSecure(url) ? new https.Agent(settings) : new http.Agent(settings);
}

function lateAgent(url: URL, open: OpenTo, settings: https.AgentOptions): http.Agent {
  return isSecure(url) ? new SecureLateAgent(open, settings) : new LateAgent(open, settings);
}

interface Dialled {
  readonly host?: string | null | undefined;
  readonly port?: number | string | null | undefined;
}

function targetOf({ host, port }: Dialled): DialTarget {
  return { host: host ?? 'localhost', port: Number(port) };
}

class LateAgent extends http.Agent {
  readonly #open: OpenTo;

  constructor(open: OpenTo, options: http.AgentOptions) {
    super(options);
    this.#open = open;
  }

  override createConnection(options: http.ClientRequestArgs): Duplex {
    return new LateStream((signal) => this.#open(targetOf(options), signal));
  }
}

class SecureLateAgent extends https.Agent {
  readonly #open: OpenTo;

  constructor(open: OpenTo, options: https.AgentOptions) {
    super(options);
    this.#open = open;
  }

  override createConnection(options: https.RequestOptions & tls.ConnectionOptions): Duplex {
    const { host, port } = options;
    const open: OpenStream = async (signal) => {
      const raw = await this.#open(targetOf({ host, port }), signal);
      // Below the stream that is handed over, so that Node encrypts on the socket itself.
      const socket = tls.connect({ ...options, socket: raw });
      raw.on('error', (error) => socket.destroy(error));
      await untilAborted(socket, signal, once(socket, 'secureConnect', { signal }));
      return socket;
    };
    return new LateStream(open);
  }
}
