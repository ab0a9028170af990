/** `GET /stream/session/{ref}/tcpproxy`: one WebSocket is one TCP connection to an app of the session. */

import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Fault } from '../model/faults.ts';
import { agentFailure, badRequest, invalidParams, notFound, type Problem } from '../model/problems.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import type { Exchange, Machine } from '../session/exchange.ts';
import { readParameters } from '../session/parameters.ts';
import type { Session } from '../session/session.ts';
import type { App } from '../session/session-parts.ts';
import { hostPort } from '../session/session-shapes.ts';
import { checkHasKernel, streamSession } from './session-routes.ts';

/** Larger client frames end the connection with 1009. */
const largestClientFrame = 16 * 1024 * 1024;
const largestServerFrame = 256 * 1024;

type TunnelFault = Extract<Fault, { kind: 'tunnel' }>;

export class TunnelServer implements AsyncDisposable {
  readonly #machine: Machine;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: largestClientFrame,
    clientTracking: true,
  });

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Open tunnels of all sessions. */
  get open(): number {
    return this.#server.clients.size;
  }

  /** Checks everything that is answered before the upgrade, and returns what accepts it. */
  prepare(exchange: Exchange): (socket: Duplex, head: Buffer) => void {
    const { session, app } = this.check(exchange);
    return (socket, head) => {
      this.#server.handleUpgrade(exchange.request, socket, head, (client) => {
        const fault = this.#machine.faults.take('tunnel');
        const end = this.#machine.behaviour.endsWithoutCloseFrame
          ? () => socket.end()
          : () => client.close(1001);
        void openTunnel(client, { session, app, end, ...(fault === undefined ? {} : { fault }) });
      });
    };
  }

  /** Also for a plain GET, which fails in the same order and at last for want of an upgrade. */
  check(exchange: Exchange): { readonly session: Session; readonly app: App } {
    const { behaviour } = this.#machine;
    const old = behaviour.generation === 'C' ? [] : ['service'];
    const parameters = readParameters(exchange, behaviour, 'query');
    parameters.allowOnly(['app', ...old, 'port', 'envs', 'arguments']);
    const name = parameters.requiredText('app', ...old);
    const session = streamSession(this.#machine, exchange);
    checkHasKernel(this.#machine, session);
    const app = session.apps.find((candidate) => candidate.name === name);
    if (app === undefined) throw unknownApp(behaviour, session, name);
    const port = parameters.text('port');
    // Old releases compare the text with numbers, so that no port is ever right.
    const known = port === undefined || (behaviour.generation === 'C' && port === String(app.containerPort));
    if (!known) throw invalidPort(name, port);
    if (app.cannotStart === true) throw agentFailure(behaviour, `RuntimeError('failed to start ${name}')`);
    return { session, app };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = [...this.#server.clients].map((client) => {
      const gone = new Promise<void>((resolve) => client.once('close', () => resolve()));
      client.close(1001);
      client.terminate();
      return gone;
    });
    this.#server.close();
    await Promise.all(closed);
  }
}

export function invalidPort(app: string, port: string | undefined): Problem {
  return invalidParams(`Service ${app} does not open the port number ${port}.`);
}

export function unknownApp(behaviour: ReleaseBehaviour, session: Session, name: string): Problem {
  const code = behaviour.entityErrors ? 'backendai_read_not-found' : 'session_read_not-found';
  return notFound('No such app service.', `${session.name}:${name}`, code);
}

/** For a request to the tunnel's path that asks for no upgrade. */
export function refusePlainRequest(): never {
  throw badRequest();
}

interface TunnelTarget {
  readonly session: Session;
  readonly app: App;
  /** How the far side's end of file is told. */
  readonly end: () => void;
  readonly fault?: TunnelFault;
}

async function openTunnel(client: WebSocket, { session, app, end, fault }: TunnelTarget): Promise<void> {
  // The library closes the connection after an error; without a listener it would end the process.
  client.on('error', () => client.terminate());
  client.once('close', session.connected());
  if (fault !== undefined && !fault.afterBytes) return endBy(client, fault);
  // Nothing may be lost before the connection stands.
  client.pause();
  const socket = connect({ port: hostPort(session, app), host: '127.0.0.1', noDelay: true });
  const refused = await connected(socket);
  if (refused !== undefined) {
    client.close(refused === 'ECONNREFUSED' || refused === 'EADDRNOTAVAIL' ? 1013 : 1011);
    client.resume();
    return;
  }
  let left = fault?.afterBytes ?? Number.POSITIVE_INFINITY;
  /** What of these bytes still passes; the fault strikes when they run out. */
  const allowed = (chunk: Buffer) => {
    const part = chunk.subarray(0, Math.max(0, Math.min(left, chunk.length)));
    left -= chunk.length;
    return part;
  };
  const strike = () => {
    if (fault === undefined || left > 0) return false;
    socket.destroy();
    endBy(client, fault);
    return true;
  };
  receive(client, socket, allowed, strike);
  if (await send(client, socket, allowed, strike)) return;
  socket.destroy();
  // A paused client would never see the answer to the close frame.
  client.resume();
  end();
}

type Pass = (chunk: Buffer) => Buffer;

function receive(client: WebSocket, socket: Socket, allowed: Pass, strike: () => boolean): void {
  client.on('message', (data, isBinary) => {
    // Text frames are ignored, as the manager does.
    if (!isBinary) return;
    const chunks = Array.isArray(data) ? data : [Buffer.isBuffer(data) ? data : Buffer.from(data)];
    for (const chunk of chunks) {
      if (!socket.write(allowed(chunk))) client.pause();
    }
    strike();
  });
  socket.on('drain', () => client.resume());
  // No half-close: what was received still goes out, then the connection ends.
  client.on('close', () => socket.destroySoon());
  client.resume();
}

/** True when a fault has ended the tunnel. */
async function send(
  client: WebSocket,
  socket: Socket,
  allowed: Pass,
  strike: () => boolean,
): Promise<boolean> {
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      const part = allowed(chunk);
      for (let start = 0; start < part.length; start += largestServerFrame) {
        await sent(client, part.subarray(start, start + largestServerFrame));
      }
      if (strike()) return true;
    }
  } catch {
    // Either end may break off; both are closed by the caller.
  }
  return false;
}

/** Resolves when the frame has left this process, which is the back-pressure. */
function sent(client: WebSocket, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.send(data, { binary: true, compress: false }, (error) => (error ? reject(error) : resolve()));
  });
}

function endBy(client: WebSocket, { code }: TunnelFault): void {
  if (code === 1006) client.terminate();
  else client.close(code);
}

/** The code of the failure, or nothing once connected. */
function connected(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(undefined));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
  });
}
