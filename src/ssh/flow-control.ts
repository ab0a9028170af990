/** Stops what comes in over an SSH connection while somebody cannot take more of it. */

import type { Duplex } from 'node:stream';
import { Bulk } from '../core/silence-watch.ts';

/** ssh2 counts the seconds without an answer to its keep-alive, and no answer comes through while it is stopped. */
const keepaliveMs = 2_500;
/** Each excuse makes a timer anew, and bytes come in often. */
const heardEveryMs = 1_000;

/**
 * One for each connection. The stream under it is paused, never a channel's window: the sessions' dropbear sends
 * on when that is shut, and ssh2 then drops bytes without a word.
 */
export class FlowControl {
  readonly #excuse: () => void;
  readonly #transport: Duplex;
  readonly #holders = new Set<object>();
  readonly #above = new Set<() => void>();
  #keepalive: NodeJS.Timeout | undefined;
  #heardAt = 0;
  #sent = 0;

  /** What is given makes the connection count its silence anew. */
  constructor(transport: Duplex, excuse: () => void) {
    this.#transport = transport;
    this.#excuse = excuse;
    // A stream that goes over another connection says so while that one is stopped.
    transport.on('stopped', () => this.#excuseSilence());
    // Whoever sends is no dead peer, though its answer may come late: it is behind all that was sent before.
    transport.on('data', () => this.#hear());
    this.#waitForBulk();
  }

  /** Called again and again while nothing comes in, for what goes over this connection. Returns what ends that. */
  onStopped(listener: () => void): () => void {
    this.#above.add(listener);
    return () => void this.#above.delete(listener);
  }

  /** Nothing comes in until this holder and every other one has let go. */
  hold(holder: object): void {
    this.#holders.add(holder);
    if (this.#holders.size > 1 || this.#transport.destroyed) return;
    this.#transport.pause();
    this.#keepalive ??= setInterval(() => this.#excuseSilence(), keepaliveMs);
  }

  release(holder: object): void {
    if (!this.#holders.delete(holder) || this.#holders.size > 0) return;
    clearInterval(this.#keepalive);
    this.#keepalive = undefined;
    this.#transport.resume();
  }

  /** The connection ends: nobody is waited for any more. */
  letGo(): void {
    const [any] = this.#holders;
    this.#holders.clear();
    if (any === undefined) return;
    this.#holders.add(any);
    this.release(any);
  }

  /** What is sent in bulk may be on its way for longer than an answer may take. */
  #waitForBulk(): void {
    const transport = this.#transport;
    const write = transport.write.bind(transport) as (...args: unknown[]) => boolean;
    transport.write = (...args: unknown[]): boolean => {
      const [chunk] = args;
      if (chunk instanceof Uint8Array) this.#sent += chunk.byteLength;
      return write(...args);
    };
    const bulk = new Bulk(() => this.#sent);
    const timer = setInterval(() => {
      if (bulk.isOnItsWay(keepaliveMs)) this.#excuse();
    }, keepaliveMs).unref();
    transport.once('close', () => clearInterval(timer));
  }

  #hear(): void {
    const now = performance.now();
    if (now - this.#heardAt < heardEveryMs) return;
    this.#heardAt = now;
    this.#excuse();
  }

  #excuseSilence(): void {
    this.#excuse();
    for (const listener of this.#above) listener();
  }
}
