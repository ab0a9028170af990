/** Files on their way at a time: fewer once this machine, or the session, has had too many of them open. */

import { setTimeout as after } from 'node:timers/promises';
import { interruptedBy, systemCode } from '../../errors.ts';
import { OpenRefusedError } from './sftp-error.ts';

/** What runs alone is tried again after so many milliseconds: something else may still be closing its files. */
const pausesMs = [50, 250, 1_000];
/** Servers have one word for every failure. After so many that no solitude has cured it is taken for what it says. */
const mostInVain = 3;

export class FewerAtOnce {
  readonly #signal: AbortSignal;
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  #most: number;
  #running = 0;
  /** Those that run alone, or wait for that; nothing else begins meanwhile. */
  #solitary = 0;
  #isAlone = false;
  #inVain = 0;
  #isShort = false;

  /** `free`: how many files may be opened here, where that is known. */
  constructor(signal: AbortSignal, free = Number.POSITIVE_INFINITY) {
    this.#signal = signal;
    // Whatever else this process opens meanwhile, such as a part of the program itself, must not be what fails.
    this.#most = Math.max(1, Math.floor(free / 2));
  }

  /** Calls back once when there may be too many open files, at once if that has been so; the returned function ends that. */
  onShortage(listener: () => void): () => void {
    if (this.#isShort) listener();
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Runs the work. When it fails, and too many open files may be why, it runs again from its start with nothing beside it; if
   * that helps there are half as many at a time from then on. The work must close what it opens, and never wait for other work.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      const tried = await this.#together(work);
      if ('outcome' in tried) return tried.outcome;
      this.#noteShortage();
      const alone = await this.#alone(work, tried);
      if (alone !== undefined) return alone.outcome;
    }
  }

  async #together<T>(work: () => Promise<T>): Promise<Outcome<T> | TooMany> {
    const take = (): boolean => {
      if (this.#solitary > 0 || this.#running >= this.#most) return false;
      this.#running += 1;
      return true;
    };
    if (!take()) await this.#turn(take);
    try {
      return { outcome: await work() };
    } catch (error) {
      const running = this.#running;
      if (!this.#mayBeTooMany(error, running)) throw error;
      return { error, running, most: this.#most };
    } finally {
      this.#running -= 1;
      this.#wakeAll();
    }
  }

  /** Nothing when another one has found out by now that fewer at a time will do. */
  async #alone<T>(
    work: () => Promise<T>,
    { error: reason, running, most }: TooMany,
  ): Promise<Outcome<T> | undefined> {
    this.#solitary += 1;
    try {
      await this.#turn(() => {
        if (this.#running > 0 || this.#isAlone) return false;
        this.#isAlone = true;
        return true;
      });
      if (this.#most < most) return undefined;
      if (!this.#mayBeTooMany(reason, running)) throw reason;
      const outcome = await this.#patiently(work);
      this.#most = Math.max(1, Math.min(most, Math.floor(running / 2)));
      this.#inVain = 0;
      return { outcome };
    } catch (error) {
      if (error instanceof OpenRefusedError) this.#inVain += 1;
      throw error;
    } finally {
      this.#isAlone = false;
      this.#solitary -= 1;
      this.#wakeAll();
    }
  }

  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (const pauseMs of pausesMs) {
      try {
        return await work();
      } catch (error) {
        if (!isTooMany(error) && !(error instanceof OpenRefusedError)) throw error;
      }
      await after(pauseMs, undefined, { signal: this.#signal }).catch(() => {
        throw interruptedBy(this.#signal);
      });
    }
    return await work();
  }

  #mayBeTooMany(error: unknown, running: number): boolean {
    if (isTooMany(error)) return true;
    const isDoubtful = error instanceof OpenRefusedError && this.#inVain < mostInVain;
    return isDoubtful && (running > 1 || this.#isShort);
  }

  #noteShortage(): void {
    this.#isShort = true;
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  /** `take` takes the turn in the same moment in which it finds that there is one. */
  async #turn(take: () => boolean): Promise<void> {
    while (!take()) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
  }

  #wakeAll(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

interface Outcome<T> {
  readonly outcome: T;
}

interface TooMany {
  readonly error: unknown;
  /** How many ran when it failed, and how many might have. */
  readonly running: number;
  readonly most: number;
}

/** This machine says so itself: of the process, or of all of them. */
function isTooMany(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'EMFILE' || code === 'ENFILE';
}
