/** How much either side may send: windows of channels, and what stops a whole connection while somebody cannot take more of it. */

import type { Duplex } from 'node:stream';
import type { ClientChannel, SFTPWrapper } from 'ssh2';
import { Bulk } from '../core/silence-watch.ts';
import { incomingOf, openWindow, outgoingOf } from './ssh2-internals.ts';

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

/**
 * ssh2 opens a window of 2 MiB and opens it again only when half of it is used, which leaves a long line idle
 * most of the time. What arrives is bounded by the reads that were asked for, or by the flow control of the connection,
 * so a larger one costs nothing.
 */
const moreWindowBytes = 30 * 1024 * 1024;

export function widenWindow(channel: SFTPWrapper | ClientChannel): void {
  openWindow(channel, moreWindowBytes);
}

/**
 * ssh2 opens the window again of a channel that it has closed, while what came in before is read. dropbear does not know
 * the channel any more by then, and ends the whole connection.
 */
export function closeChannel(channel: ClientChannel): void {
  channel.close();
  incomingOf(channel).window = Number.MAX_SAFE_INTEGER;
}

/** What the server takes at this moment. OpenSSH's opens a channel with none and grants it soon after. */
export function windowOf(channel: SFTPWrapper | ClientChannel): number {
  return outgoingOf(channel).window;
}
