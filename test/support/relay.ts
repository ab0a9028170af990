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
  /** From now on nothing passes over the connections of this moment, and nobody is told; later ones are as ever. */
  forsake(): void;
  /** Nothing passes for a while, and nothing is lost: a line that is gone for less time than anybody gives up. */
  hold(): void;
  release(): void;
  /** How many bytes wait that way for the release. */
  held(way: Way): number;
}

export interface RelayOptions {
  /** How long each way takes. */
  readonly delayMs?: number;
  /** One way is slow. */
  readonly narrow?: Narrow;
}

/** What waits stands in one queue, whichever connection it is of, as before a modem. */
export interface Narrow {
  readonly way: Way;
  readonly bytesPerSecond: number;
  /** As much waits before the senders have to. */
  readonly queueBytes: number;
}

export async function startRelay(
  targetPort: number | (() => number),
  options: RelayOptions = {},
): Promise<Relay> {
  const line = new Line(options);
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
    forsake: () => line.forsake(),
    hold: () => line.hold(),
    release: () => line.release(),
    held: (way) => line.held(way),
    [Symbol.asyncDispose]: async () => {
      line.cut();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Of what goes over a slow line in one go. */
const packetBytes = 4_096;
/** How far behind it may fall and still catch up. */
const mostLateMs = 500;

interface Waiting {
  readonly bytes: number;
  act(): void;
}

interface Held {
  readonly way: Way;
  readonly bytes: number;
  pass(): void;
}

class Line {
  readonly #delayMs: number;
  readonly #narrow: Narrow | undefined;
  readonly #queue: Waiting[] = [];
  readonly #paused = new Set<Socket>();
  readonly #forsaken = new WeakSet<Socket>();
  #isHeld = false;
  #held: Held[] = [];
  #queued = 0;
  #dueAt = 0;
  readonly #sockets = new Set<Socket>();
  readonly #stalled = new Set<Way>();
  #left = Number.POSITIVE_INFINITY;
  #act: () => void = () => {};
  #counted: Way | undefined;

  constructor({ delayMs = 0, narrow }: RelayOptions) {
    this.#delayMs = delayMs;
    this.#narrow = narrow;
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
      if (this.#stalled.has(way) || this.#forsaken.has(from)) return;
      const pass = (): void => {
        if (this.#narrow?.way === way) this.#wait(chunk, from, to);
        else this.#pass(chunk, from, to);
      };
      if (this.#isHeld) this.#held.push({ way, bytes: chunk.length, pass });
      else pass();
    });
    from.on('end', () => {
      const end = (): void => {
        if (this.#narrow?.way === way) this.#enqueue(0, () => to.end());
        else this.#later(() => to.end());
      };
      if (this.#isHeld) this.#held.push({ way, bytes: 0, pass: end });
      else end();
    });
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

  forsake(): void {
    for (const socket of this.#sockets) this.#forsaken.add(socket);
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const held of this.#held.splice(0)) held.pass();
  }

  held(way: Way): number {
    return this.#held.filter((each) => each.way === way).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #count(bytes: number, way: Way): void {
    if (this.#counted !== undefined && this.#counted !== way) return;
    this.#left -= bytes;
    if (this.#left > 0) return;
    this.#left = Number.POSITIVE_INFINITY;
    this.#act();
  }

  /** Whoever is paused begins again as soon as there is room. */
  #wait(chunk: Buffer, from: Socket, to: Socket): void {
    for (let start = 0; start < chunk.length; start += packetBytes) {
      const packet = chunk.subarray(start, start + packetBytes);
      this.#enqueue(packet.length, () => void (to.destroyed || to.write(packet)));
    }
    if (this.#queued < (this.#narrow?.queueBytes ?? 0)) return;
    from.pause();
    this.#paused.add(from);
  }

  #enqueue(bytes: number, act: () => void): void {
    this.#queue.push({ bytes, act });
    this.#queued += bytes;
    if (this.#queue.length === 1) this.#next();
  }

  /** By the clock, so that late timers do not make the line slower still. */
  #next(): void {
    const { bytesPerSecond = 1, queueBytes = 0 } = this.#narrow ?? {};
    const [first] = this.#queue;
    if (first === undefined) return;
    const now = performance.now();
    this.#dueAt = Math.max(this.#dueAt, now - mostLateMs) + (first.bytes / bytesPerSecond) * 1_000;
    setTimeout(() => {
      this.#queue.shift();
      this.#queued -= first.bytes;
      first.act();
      if (this.#queued < queueBytes) {
        for (const socket of this.#paused) socket.resume();
        this.#paused.clear();
      }
      this.#next();
    }, this.#dueAt - now).unref();
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
