/**
 * `/func/stream/...`: a WebSocket of the client joined to one of the manager, with the faults of the genuine web server: every refusal
 * is 502, the manager's end is not passed on, and the end of an app's first tunnel writes the login back as it was.
 */

import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Account } from '../model/accounts.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import type { Arrival, UpgradeOutcome } from '../server/http-server.ts';
import { badGateway } from './refusals.ts';
import { managerTarget } from './relay.ts';
import { signedHeaders } from './signed.ts';

/** Larger frames of a client end its connection. */
const largestClientFrame = 4 * 1024 * 1024;

interface TunnelOwner {
  readonly manager: string;
  readonly account: Account;
  readonly behaviour: ReleaseBehaviour;
  /** When the client has hung up. */
  readonly ended: () => void;
}

export class TunnelRelay implements AsyncDisposable {
  readonly #server = new WebSocketServer({
    noServer: true,
    // The genuine one takes it too, where a client offers it.
    perMessageDeflate: true,
    maxPayload: largestClientFrame,
    clientTracking: true,
  });
  readonly #upstream = new Set<WebSocket>();

  get open(): number {
    return this.#server.clients.size;
  }

  /** Dials the manager before the client's own upgrade is answered. */
  async prepare({ request }: Arrival, owner: TunnelOwner): Promise<UpgradeOutcome> {
    const upstream = this.#dial(
      request.url ?? '',
      String(request.headers['x-backendai-version'] ?? owner.behaviour.apiVersion),
      owner,
    );
    if (!(await opened(upstream))) return badGateway(owner.behaviour);
    return (socket: Duplex, head: Buffer) => {
      // The client may have gone while the manager was asked.
      socket.once('close', () => upstream.terminate());
      this.#server.handleUpgrade(request, socket, head, (client) => join(client, upstream, owner.ended));
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = [...this.#server.clients].map((client) => {
      const gone = new Promise<void>((resolve) => client.once('close', () => resolve()));
      client.terminate();
      return gone;
    });
    for (const upstream of this.#upstream) upstream.terminate();
    this.#server.close();
    await Promise.all(closed);
  }

  #dial(url: string, version: string, { manager, account }: TunnelOwner): WebSocket {
    const target = managerTarget(url);
    const address = new URL(manager);
    const headers = {
      ...signedHeaders({ method: 'GET', target, version }, address, account),
      'X-BackendAI-Version': version,
    };
    const upstream = new WebSocket(`ws://${address.host}${target}`, { headers, perMessageDeflate: false });
    this.#upstream.add(upstream);
    upstream.on('close', () => this.#upstream.delete(upstream));
    return upstream;
  }
}

/** Nothing of what follows is lost: it waits until somebody takes it. */
function opened(upstream: WebSocket): Promise<boolean> {
  return new Promise((resolve) => {
    upstream.once('open', () => {
      upstream.pause();
      resolve(true);
    });
    upstream.on('error', () => resolve(false));
  });
}

function join(client: WebSocket, upstream: WebSocket, ended: () => void): void {
  // The library closes the connection after an error, and says so by `close`.
  client.on('error', () => client.terminate());
  client.on('message', (data, binary) => {
    // What comes after the manager's end is dropped.
    if (upstream.readyState === WebSocket.OPEN) upstream.send(data, { binary });
  });
  client.on('close', () => {
    upstream.close();
    upstream.resume();
    ended();
  });
  upstream.on('message', (data, binary) => {
    upstream.pause();
    client.send(data, { binary }, () => upstream.resume());
  });
  upstream.resume();
}
