/**
 * Counts the flights of a command: how often it waited for something to come from the far end of the line. What the server sends,
 * and that a connection stands, is held back until nothing else can happen: every process that this one has started is asleep,
 * and has been since the last byte passed. Then all that is held passes together, and one more flight is counted. So the line is as
 * long as it can be, and no busy machine changes the number.
 */

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface FlightCounter extends AsyncDisposable {
  readonly port: number;
  /** So far, or since the last `begin`. */
  flights(): number;
  /** What passed in each of them, for whoever finds a wrong number. */
  log(): readonly string[];
  /** Counts anew, when nothing is on its way. */
  begin(): void;
}

/** Only Linux tells whether a process sleeps. */
export const canCountFlights = process.platform === 'linux';

interface Options {
  /** For a server whose processes this one has not started: how long nothing has to happen. */
  readonly settleMs?: number;
}

export async function startFlightCounter(targetPort: number, options: Options = {}): Promise<FlightCounter> {
  const line = new HeldLine(options);
  const server = createServer((near) => line.join(near, connect(targetPort, '127.0.0.1')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const over = new AbortController();
  const released = line.release(over.signal);
  return {
    port: address.port,
    flights: () => line.flights.length,
    log: () => line.flights,
    begin: () => void line.flights.splice(0),
    async [Symbol.asyncDispose]() {
      over.abort();
      await released;
      line.cut();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Held {
  readonly near: Socket;
  readonly what: string;
  pass(): void;
}

const lookMs = 4;
const looksWithoutChange = 3;

class HeldLine {
  readonly flights: string[] = [];
  readonly #settleMs: number;
  readonly #sockets = new Set<Socket>();
  #held: Held[] = [];
  #events = 0;
  #connections = 0;

  constructor({ settleMs = 0 }: Options) {
    this.#settleMs = settleMs;
  }

  join(near: Socket, far: Socket): void {
    this.#connections += 1;
    const name = `#${this.#connections}`;
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.#events += 1;
      });
    }
    near.on('close', () => far.destroy());
    far.pause();
    near.pause();
    this.#hold({ near, what: `${name} stands`, pass: () => this.#open(near, far, name) });
  }

  /** From now on bytes go both ways: up at once, down one flight later. */
  #open(near: Socket, far: Socket, name: string): void {
    near.on('data', (chunk: Buffer) => {
      this.#events += 1;
      far.write(chunk);
    });
    near.on('end', () => far.end());
    far.on('data', (chunk: Buffer) =>
      this.#hold({ near, what: `${name} ${chunk.length} bytes`, pass: () => void near.write(chunk) }),
    );
    far.on('end', () => this.#hold({ near, what: `${name} ends`, pass: () => void near.end() }));
    near.resume();
    far.resume();
  }

  #hold(held: Held): void {
    this.#events += 1;
    this.#held.push(held);
  }

  async release(signal: AbortSignal): Promise<void> {
    let seen = '';
    let alike = 0;
    let changedAt = performance.now();
    while (!signal.aborted) {
      await delay(lookMs);
      const state = stateOfAll();
      const now = `${this.#events} ${state}`;
      if (state === 'busy' || now !== seen) {
        [seen, alike, changedAt] = [now, 0, performance.now()];
        continue;
      }
      alike += 1;
      if (alike >= looksWithoutChange && performance.now() - changedAt >= this.#settleMs) this.#pass();
    }
  }

  #pass(): void {
    const passing = this.#held.filter(({ near }) => !near.destroyed);
    this.#held = [];
    if (passing.length === 0) return;
    this.flights.push(passing.map(({ what }) => what).join(', '));
    for (const held of passing) held.pass();
    this.#events += 1;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}

/** What this process has begun, and its children and theirs: `busy`, or how often each has run. */
function stateOfAll(): string {
  if (
    process.getActiveResourcesInfo().some((name) => /Req|REQUEST|Immediate|ConnectWrap|WriteWrap/.test(name))
  )
    return 'busy';
  const states = descendants(process.pid).map(stateOf);
  return states.includes('busy') ? 'busy' : states.join(' ');
}

function descendants(pid: number): number[] {
  const children = tasks(pid).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).trim().split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function stateOf(pid: number): string {
  const counts = [];
  for (const task of tasks(pid)) {
    const status = read(`/proc/${pid}/task/${task}/status`);
    const state = /^State:\s+(\S)/m.exec(status)?.[1] ?? 'X';
    if (state === 'R' || state === 'D') return 'busy';
    counts.push(...[...status.matchAll(/ctxt_switches:\s+(\d+)/g)].map((match) => match[1]));
  }
  return `${pid}:${counts.join(',')}`;
}

function tasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Who has ended meanwhile sleeps for ever. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
