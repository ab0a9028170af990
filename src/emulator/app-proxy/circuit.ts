/** A TCP port of a worker that leads to one app of one session, with what its gateway does not pass on. */

import { once } from 'node:events';
import {
  type AddressInfo,
  BlockList,
  connect,
  createServer,
  isIPv6,
  type Server,
  type Socket,
} from 'node:net';
import type { Session } from '../session/session.ts';
import type { App } from '../session/session-parts.ts';
import { hostPort } from '../session/session-shapes.ts';

interface CircuitSpec {
  readonly session: Session;
  readonly app: App;
  /** As it was asked for; nobody is kept out by an empty one. */
  readonly allowed: string;
  readonly isPublic: boolean;
}

/** Whether `ipaddress.ip_network(text, strict=False)` takes it. */
export function isNetwork(text: string): boolean {
  try {
    return networksOf(text) !== undefined;
  } catch {
    return false;
  }
}

function networksOf(rules: string): BlockList {
  const networks = new BlockList();
  for (const rule of rules.split(',')) {
    const [address = '', prefix, ...more] = rule.trim().split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (more.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) throw new TypeError(rule);
    networks.addSubnet(
      address,
      prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix),
      family,
    );
  }
  return networks;
}

export class Circuit implements AsyncDisposable {
  readonly spec: CircuitSpec;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections that were let in. */
  accepted = 0;

  constructor(spec: CircuitSpec) {
    this.spec = spec;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#serve(socket));
  }

  get port(): number {
    // A TCP server that listens always has an AddressInfo.
    return (this.#server.address() as AddressInfo).port;
  }

  /** False when the port is taken. */
  async listen(port: number): Promise<boolean> {
    const failed = once(this.#server, 'error').then(() => false);
    const listening = once(this.#server, 'listening').then(() => true);
    this.#server.listen(port, '127.0.0.1');
    for (const each of [failed, listening]) each.catch(() => {});
    return await Promise.race([failed, listening]);
  }

  /** As when the worker is away: connections are refused, and open ones live on. */
  stopListening(): void {
    this.#server.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    const closed = [...this.#sockets].map((socket) => once(socket, 'close'));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  #serve(client: Socket): void {
    this.#keep(client);
    const { session, app, allowed } = this.spec;
    const isOver = session.signal.aborted || session.home === undefined;
    if (isOver || !admits(allowed, client.remoteAddress ?? '')) return void client.end();
    this.accepted += 1;
    const inner = connect({
      host: '127.0.0.1',
      port: hostPort(session, app),
      allowHalfOpen: true,
      noDelay: true,
    });
    this.#keep(inner);
    inner.once('error', () => {
      if (inner.bytesRead === 0) client.end();
    });
    // Neither end is passed on; that of the client shows when there is something to hand to it.
    client.on('data', (chunk) => {
      if (!inner.write(chunk)) client.pause();
    });
    inner.on('drain', () => client.resume());
    inner.on('data', (chunk) => {
      if (client.destroyed || client.readableEnded) inner.destroy();
      else if (!client.write(chunk)) inner.pause();
    });
    client.on('drain', () => inner.resume());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

function admits(rules: string, address: string): boolean {
  return rules === '' || networksOf(rules).check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
