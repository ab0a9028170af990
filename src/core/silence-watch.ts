/** Finds out that a line is dead, though nobody says so: nothing is heard for longer than an answer takes. */

import { watchClock } from './clock-jump.ts';
import { type Countdown, countDown } from './time-limit.ts';

export interface SilenceOptions {
  /** Nothing is heard of a line that lives for so long. */
  readonly silenceMs: number;
  /** What has been sent so far, in bytes. */
  readonly sentBytes: () => number;
  /** Whether nothing can be heard for another reason: nobody reads. */
  readonly isExcused?: () => boolean;
  /** Whether an answer is due; always when left out. */
  readonly isAsked?: () => boolean;
  /** Called every quarter of that time in which nothing is heard; what it asks is answered on a line that lives. */
  readonly ask?: () => void;
  /** Called once. */
  readonly onDead: () => void;
}

interface SilenceWatch extends Disposable {
  /** Something came in. */
  readonly hear: () => void;
}

const quarters = 4;
/** How soon it is seen that this machine has slept, and how late a busy one may be. */
const clockMs = { everyMs: 2_000, jumpMs: 8_000 };
/** A network that was asleep as well is back by then, and the connection may have lived through that. */
export const awakeMs = 12_000;
/** Of a line of 256 kbit/s that others use a little of as well. */
const slowestBytesPerMs = 25;
/** The window of a channel, 2 MiB with sshd and the sessions' dropbear, takes that long. */
const mostBulkMs = 84_000;

/**
 * How long what was sent may still be on its way, over the slowest of lines; an answer comes behind it. What comes in meanwhile is
 * no sign of the contrary: it may answer what was sent long before.
 */
export class Bulk {
  readonly #sentBytes: () => number;
  #sentBefore: number;
  #leftMs = 0;

  /** `sentBytes`: so far. */
  constructor(sentBytes: () => number) {
    this.#sentBytes = sentBytes;
    this.#sentBefore = sentBytes();
  }

  /** When so much time has passed; whether it takes as much again. */
  isOnItsWay(passedMs: number): boolean {
    const sent = this.#sentBytes();
    const more = (sent - this.#sentBefore) / slowestBytesPerMs;
    this.#sentBefore = sent;
    this.#leftMs = Math.min(mostBulkMs, Math.max(0, this.#leftMs - passedMs) + more);
    return this.#leftMs > 0 && this.#leftMs >= passedMs;
  }
}

/**
 * Time is counted in turns of a timer: what a closed lid or Ctrl-Z took is nobody's silence. A line that may have died in that time is
 * asked at once, and has less time to answer. Keeps no process alive.
 */
export function watchSilence(options: SilenceOptions): SilenceWatch {
  const { silenceMs, sentBytes, isExcused, isAsked, ask, onDead } = options;
  const turnMs = silenceMs / quarters;
  let wasHeard = true;
  let silentMs = 0;
  let hurry: Countdown | undefined;
  const bulk = new Bulk(sentBytes);
  const hear = (): void => {
    wasHeard = true;
    calmDown();
  };
  const calmDown = (): void => {
    hurry?.[Symbol.dispose]();
    hurry = undefined;
  };
  const stop = (): void => {
    clearInterval(timer);
    clock[Symbol.dispose]();
    calmDown();
  };
  const clock = watchClock({
    ...clockMs,
    onJump() {
      if (ask === undefined || silenceMs <= awakeMs) return;
      ask();
      calmDown();
      hurry = countDown(awakeMs, () => {
        if (bulk.isOnItsWay(0) || isExcused?.() || isAsked?.() === false) return;
        stop();
        onDead();
      });
      hurry.unref();
    },
  });
  const timer = setInterval(() => {
    if (bulk.isOnItsWay(turnMs) || isExcused?.()) hear();
    silentMs = wasHeard ? 0 : silentMs + turnMs;
    wasHeard = false;
    if (silentMs >= turnMs * (quarters - 1) && isAsked?.() !== false) {
      stop();
      onDead();
    } else if (silentMs > 0) ask?.();
  }, turnMs);
  timer.unref();
  return { hear, [Symbol.dispose]: stop };
}
