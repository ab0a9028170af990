/** One way to the manager for HTTP and for WebSockets: the same proxy, the same certificates. */

import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { UsageError } from '../errors.ts';

export interface NetworkOptions {
  readonly skipTlsVerify: boolean;
  /** Milliseconds until a connection must stand; 0 is no limit. */
  readonly connectTimeoutMs: number;
  /** Milliseconds without a byte of an answer; 0 is no limit. */
  readonly readTimeoutMs: number;
  /** Another way to the manager's port than the network of this machine; then no proxy is asked. */
  readonly dial?: Dial | undefined;
}

/** A stream that the HTTP agents can use in place of a socket. It ends with an error when there is no way. */
export type Dial = (target: { readonly host: string; readonly port: number }) => Duplex;

export interface Network {
  readonly options: NetworkOptions;
  /** For requests: connections are kept and used again. */
  agentFor(url: URL): http.Agent;
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
  const tls = { rejectUnauthorized: !options.skipTlsVerify };
  const agent = (url: URL, keepAlive: boolean): http.Agent => {
    const isDirect = options.dial !== undefined;
    const proxy = isDirect ? '' : getProxyForUrl(`${url.protocol.replace('ws', 'http')}//${url.host}`);
    // Through a proxy the two go different ways; else a WebSocket begins as a request.
    const scheme = proxy === '' ? url.protocol.replace('ws', 'http') : url.protocol;
    const key = `${scheme} ${proxy} ${keepAlive}`;
    const known = agents.get(key);
    if (known) return known;
    const made = createAgent(url, { proxy, dial: options.dial }, { keepAlive, ...tls });
    agents.set(key, made);
    return made;
  };
  return {
    options,
    agentFor: (url) => agent(url, true),
    upgradeAgentFor: (url, takesOver) => agent(url, takesOver),
    closeAfter(end) {
      ending.add(end);
      void end.finally(() => ending.delete(end));
    },
    async close() {
      if (ending.size > 0) await Promise.race([Promise.all(ending), delay(farewellMs)]);
      for (const each of agents.values()) each.destroy();
      agents.clear();
    },
  };
}

interface Way {
  readonly proxy: string;
  readonly dial: Dial | undefined;
}

function createAgent(url: URL, { proxy, dial }: Way, options: https.AgentOptions): http.Agent {
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  if (dial !== undefined) return secure ? new SecureDialAgent(dial, options) : new DialAgent(dial, options);
  if (proxy === '') return secure ? new https.Agent(options) : new http.Agent(options);
  // A WebSocket needs CONNECT whatever the scheme: a plain proxy does not pass an upgrade on.
  const tunnels = secure || url.protocol === 'ws:';
  try {
    return tunnels ? new HttpsProxyAgent(proxy, options) : new HttpProxyAgent(proxy, options);
  } catch (cause) {
    throw new UsageError('the proxy in HTTP_PROXY, HTTPS_PROXY or ALL_PROXY is not a valid address', {
      code: 'bad-proxy',
      hint: 'write it as http://host:port, or unset it',
      cause,
    });
  }
}

interface Dialled {
  readonly host?: string | null | undefined;
  readonly port?: number | string | null | undefined;
}

function targetOf({ host, port }: Dialled): Parameters<Dial>[0] {
  return { host: host ?? 'localhost', port: Number(port) };
}

class DialAgent extends http.Agent {
  readonly #dial: Dial;

  constructor(dial: Dial, options: http.AgentOptions) {
    super(options);
    this.#dial = dial;
  }

  override createConnection(options: http.ClientRequestArgs): Duplex {
    return this.#dial(targetOf(options));
  }
}

class SecureDialAgent extends https.Agent {
  readonly #dial: Dial;

  constructor(dial: Dial, options: https.AgentOptions) {
    super(options);
    this.#dial = dial;
  }

  override createConnection(options: https.RequestOptions & tls.ConnectionOptions): Duplex {
    const { host, port } = options;
    return tls.connect({ ...options, socket: this.#dial(targetOf({ host, port })) });
  }
}
