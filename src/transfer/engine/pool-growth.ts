/** How many channels and connections a run should have: decided from the round trip and from what growing brought. */

import { requestBytes } from './sftp-channel.ts';

/** Each channel can have about this much on its way: the window of the usual servers. */
const windowBytes = 2 * 1024 * 1024;
/** A line that is worth filling; a faster one is found by measuring. */
const usualBytesPerSecond = 125_000_000;
/** sshd lets one connection have 10 channels. */
const mostChannels = 8;
/** The sessions' dropbear lets 5 that are not logged in yet come from one address, and all tunnels share theirs. */
const mostConnections = 4;
/** Below this round trip one channel fills the line. */
const longMs = 8;
const worthwhileGrowth = 1.15;
/** On a short line a second connection helps where the far side's processor is the limit; only long jobs find out. */
const worthTryingBytes = 256 * 1024 * 1024;
/** For each connection there is, before one more is opened that is known to help, or thought to. */
const worthConnectionBytes = 16 * 1024 * 1024;

export function isLongLink(roundTripMs: number): boolean {
  return Number.isFinite(roundTripMs) && roundTripMs >= longMs;
}

/** Servers open a window again when a third of it is used, so the rest is what is under way on average. */
const underWayBytes = (2 / 3) * windowBytes;

/** Channels that fill the line with what is sent. */
function neededChannels(roundTripMs: number): number {
  if (!isLongLink(roundTripMs)) return 1;
  return Math.ceil(((roundTripMs / 1000) * usualBytesPerSecond) / underWayBytes) + 1;
}

/** Channels of one connection. */
export function channelCount(roundTripMs: number): number {
  return Math.min(mostChannels, neededChannels(roundTripMs));
}

/** Connections that are worth having before anything was measured: more than one when its channels are not enough. */
function connectionCount(direction: Direction, roundTripMs: number): number {
  if (direction === 'get') return 1;
  return Math.min(mostConnections, Math.ceil(neededChannels(roundTripMs) / mostChannels));
}

export type Direction = 'put' | 'get';

/**
 * Requests in flight on one channel. What is sent is bound by the server's window, so more would only wait here;
 * what is fetched comes through a window of ours that is never in the way, so one channel can fill the line.
 */
export function channelDepth(roundTripMs: number, direction: Direction): number {
  // What is fetched passes through several buffers on its way: twice as many requests took 15 MiB more, and no less time.
  if (!isLongLink(roundTripMs)) return direction === 'get' ? 8 : 16;
  if (direction === 'put') return 12;
  const wanted = Math.ceil(((roundTripMs / 1000) * usualBytesPerSecond * 1.25) / requestBytes);
  return Math.min(96, Math.max(16, wanted));
}

/** With several connections less is needed on each. */
export function sharedDepth(depth: number, connections: number): number {
  return connections < 2 ? depth : Math.min(depth, 48);
}

export interface GrowthView {
  readonly direction: Direction;
  readonly roundTripMs: number;
  readonly connections: number;
  /** Bytes that are known to be still to move, and those moved so far. */
  readonly pendingBytes: number;
  readonly movedBytes: number;
  readonly now: number;
}

type GrowthStep = 'nothing' | 'channels' | 'connection' | 'retire';

/**
 * Asked again and again as bytes move. A long line gets its channels at once and a second connection when much
 * is to be moved; every further connection has to be earned by the one before it. Where it was measured how many are
 * good, so many are opened as soon as there is enough to move, and nothing more is tried.
 */
export class PoolGrowth {
  readonly #measured: number | undefined;
  #isBusy = false;
  #hasChannels = false;
  #isSettled = false;
  #lastRate: number | undefined;
  #mark: { readonly at: number; readonly bytes: number } | undefined;

  /** `measured`: the number of connections that was found to be good for this session. */
  constructor(measured?: number) {
    this.#measured = measured;
  }

  next(view: GrowthView): GrowthStep {
    if (this.#isSettled || !Number.isFinite(view.roundTripMs)) return 'nothing';
    if (view.direction === 'put' && isLongLink(view.roundTripMs) && !this.#hasChannels) {
      if (view.pendingBytes < 2 * windowBytes) return 'nothing';
      // The next step need not wait for them.
      this.#hasChannels = true;
      return 'channels';
    }
    if (this.#isBusy) return 'nothing';
    const wanted = this.#measured ?? connectionCount(view.direction, view.roundTripMs);
    if (isWanted(wanted, view)) return this.#begin('connection');
    return this.#measured === undefined ? this.#measure(view) : 'nothing';
  }

  /** The step is made, or could not be: what comes now is measured. */
  finished(): void {
    this.#isBusy = false;
    this.#mark = undefined;
  }

  /** The last connection is lost: the next one starts with nothing. */
  restart(): void {
    this.#hasChannels = false;
    this.#lastRate = undefined;
    this.#mark = undefined;
  }

  /** No further connection is to be had. */
  settle(): void {
    this.#isSettled = true;
  }

  #begin(step: GrowthStep): GrowthStep {
    this.#isBusy = true;
    return step;
  }

  #measure(view: GrowthView): GrowthStep {
    const { now, movedBytes, roundTripMs } = view;
    if (this.#mark === undefined) {
      // What was on its way before the step arrives first.
      this.#mark = { at: now + 2 * roundTripMs, bytes: -1 };
      return 'nothing';
    }
    if (now < this.#mark.at) return 'nothing';
    if (this.#mark.bytes < 0) {
      this.#mark = { at: now, bytes: movedBytes };
      return 'nothing';
    }
    const elapsedMs = now - this.#mark.at;
    if (elapsedMs < Math.max(300, 4 * roundTripMs)) return 'nothing';
    return this.#judge((movedBytes - this.#mark.bytes) / elapsedMs, view);
  }

  #judge(rate: number, view: GrowthView): GrowthStep {
    if (this.#lastRate !== undefined && rate < this.#lastRate * worthwhileGrowth) {
      this.#isSettled = true;
      return rate < this.#lastRate ? 'retire' : 'nothing';
    }
    const isLong = isLongLink(view.roundTripMs);
    const handshakeMs = 300 + 10 * view.roundTripMs;
    const isWorthIt = view.pendingBytes / rate > 2 * handshakeMs;
    if (view.connections >= mostConnections || (!isLong && view.pendingBytes < worthTryingBytes)) {
      this.#isSettled = true;
      return 'nothing';
    }
    if (!isWorthIt) {
      this.#mark = undefined;
      return 'nothing';
    }
    this.#lastRate = rate;
    return this.#begin('connection');
  }
}

function isWanted(connectionsWanted: number, { connections, pendingBytes }: GrowthView): boolean {
  return connections < connectionsWanted && pendingBytes >= worthConnectionBytes * connections;
}
