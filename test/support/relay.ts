/** A TCP relay on loopback that breaks when a test says so. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Towards the server, or towards the client. */
export type Way = 'up' | 'down';

export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Resets every connection through it, as a lost network does. */
  readonly cut: () => void;
  /** From now on nothing passes that way, and nobody is told. */
  stall(way: Way): void;
  /** Acts once, before the byte that makes the count full passes; both ways count unless one is named. */
  after(bytes: number, act: () => void, way?: Way): void;
  /** What was to come is forgotten, and what stands still is cut. */
  heal(): void;
}

export interface RelayOptions {
  /** How long each way takes. */
  readonly delayMs?: number;
}

export async function startRelay(
  targetPort: number | (() => number),
  { delayMs = 0 }: RelayOptions = {},
): Promise<Relay> {
  const line = new Line(delayMs);
  const server = createServer((near) => {
    const far = connect(typeof targetPort === 'number' ? targetPort : targetPort(), '127.0.0.1');
    line.join(near, far, 'up');
    line.join(far, near, 'down');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    cut: () => line.cut(),
    stall: (way) => line.stall(way),
    after: (bytes, act, way) => line.after(bytes, act, way),
    heal: () => line.heal(),
    [Symbol.asyncDispose]: async () => {
      line.cut();
      server.close();
      await once(server, 'close');
    },
  };
}

class Line {
  readonly #delayMs: number;
  readonly #sockets = new Set<Socket>();
  readonly #stalled = new Set<Way>();
  #left = Number.POSITIVE_INFINITY;
  #act: () => void = () => {};
  #counted: Way | undefined;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  join(from: Socket, to: Socket, way: Way): void {
    this.#sockets.add(from);
    from.setNoDelay();
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    from.on('data', (chunk: Buffer) => {
      this.#count(chunk.length, way);
      if (!this.#stalled.has(way)) this.#pass(chunk, from, to);
    });
    from.on('end', () => this.#later(() => to.end()));
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  stall(way: Way): void {
    this.#stalled.add(way);
  }

  after(bytes: number, act: () => void, way?: Way): void {
    this.#left = bytes;
    this.#act = act;
    this.#counted = way;
  }

  heal(): void {
    this.#left = Number.POSITIVE_INFINITY;
    if (this.#stalled.size === 0) return;
    this.#stalled.clear();
    this.cut();
  }

  #count(bytes: number, way: Way): void {
    if (this.#counted !== undefined && this.#counted !== way) return;
    this.#left -= bytes;
    if (this.#left > 0) return;
    this.#left = Number.POSITIVE_INFINITY;
    this.#act();
  }

  #pass(chunk: Buffer, from: Socket, to: Socket): void {
    this.#later(() => {
      if (to.destroyed || to.write(chunk)) return;
      from.pause();
      to.once('drain', () => from.resume());
    });
  }

  #later(act: () => void): void {
    if (this.#delayMs === 0) act();
    else setTimeout(act, this.#delayMs);
  }
}
