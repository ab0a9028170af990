/** What is waited for, in one voice: a single spinner for all with the seconds, or lines where nothing is drawn. */

import type { Ora } from 'ora';
import { conversationLine } from '../core/text/sanitize.ts';
import { type Clock, processClock } from './transfer-progress.ts';

interface WaitingOptions {
  /** Starts a spinner; nothing where none can be shown. */
  readonly spin: ((text: string) => Ora) | undefined;
  /** A line for what takes long, where there is no spinner; nothing where all is to be quiet. */
  readonly say: ((line: string) => void) | undefined;
  /** Somebody reads along: a pause of a second is noticed. A log hears of it later. */
  readonly interactive: boolean;
  readonly clock?: Clock;
}

/** Something that goes on; what began last is what is shown. */
interface Entry {
  text: string;
  readonly since: number;
  /** When it is worth a word. */
  readonly afterMs: number;
  readonly limitMs: number;
  /** Where there is no spinner: whether it was named, and after how long it is time for a line. */
  hasSaid: boolean;
  dueMs: number;
}

export interface ShownWait extends Disposable {
  update(text: string): void;
  /** It is over, and its line stays, with this in the spinner's place. */
  persist(symbol: string, text: string | undefined): void;
}

/** People notice a pause of a second. */
const noticedMs = 1_000;
/** A log needs no line for what is over so soon. */
const loggedMs = 5_000;
const lookEveryMs = 250;
/** Then each minute: enough to see that it lives. */
const firstBeatsMs = [10_000, 30_000];
const beatMs = 60_000;

function nextBeat(elapsedMs: number): number {
  const first = firstBeatsMs.find((beat) => beat > elapsedMs);
  return first ?? (Math.floor(elapsedMs / beatMs) + 1) * beatMs;
}

export class Waiting {
  readonly #options: WaitingOptions;
  readonly #clock: Clock;
  readonly #entries = new Set<Entry>();
  #spinner: Ora | undefined;
  #timer: Disposable | undefined;
  #held = 0;
  #hasSpinner = true;

  constructor(options: WaitingOptions) {
    this.#options = options;
    this.#clock = options.clock ?? processClock;
  }

  /** Shown at once; where there is no spinner the caller has named it. */
  work(text: string): ShownWait {
    return this.#add({ text, afterMs: 0, limitMs: 0, hasSaid: true, dueMs: nextBeat(0) });
  }

  /** Shown when it lasts; where there is no spinner only when it lasts long, for what it does is named in smaller steps. */
  busy(text: string): Disposable {
    return this.#add({ text, afterMs: noticedMs, limitMs: 0, hasSaid: true, dueMs: nextBeat(0) });
  }

  /** Shown when it lasts; 0 for `limitMs` is no limit. */
  wait(text: string, limitMs: number): Disposable {
    const dueMs = this.#options.interactive ? noticedMs : loggedMs;
    return this.#add({ text, afterMs: noticedMs, limitMs, hasSaid: false, dueMs });
  }

  /** Nothing is drawn until all that hold it let go: somebody else draws on the terminal. */
  hold(): Disposable {
    this.#held += 1;
    this.#draw();
    return {
      [Symbol.dispose]: () => {
        this.#held -= 1;
        this.#draw();
      },
    };
  }

  /** Lines from now on, for somebody who prints on the same terminal. */
  withoutSpinner(): void {
    this.#hasSpinner = false;
    this.#draw();
  }

  #add(begun: Omit<Entry, 'since'>): ShownWait {
    const entry: Entry = { ...begun, since: this.#clock.now() };
    this.#entries.add(entry);
    this.#timer ??= this.#clock.every(lookEveryMs, () => this.#draw());
    this.#draw();
    const end = (): void => {
      this.#entries.delete(entry);
      if (this.#entries.size === 0) {
        this.#timer?.[Symbol.dispose]();
        this.#timer = undefined;
      }
      this.#draw();
    };
    return {
      update: (changed) => {
        entry.text = changed;
        this.#draw();
      },
      persist: (symbol, last) => {
        const spinner = this.#spinner;
        this.#spinner = undefined;
        const line = conversationLine(last ?? entry.text);
        if (spinner === undefined) this.#options.say?.(line);
        else spinner.stopAndPersist({ symbol, text: line });
        end();
      },
      [Symbol.dispose]: end,
    };
  }

  #draw(): void {
    const now = this.#clock.now();
    const shown = [...this.#entries].filter((entry) => now - entry.since >= entry.afterMs);
    const { spin } = this.#options;
    if (spin !== undefined && this.#hasSpinner && shown.length > 0 && this.#held === 0) {
      const text = lineOf(shown, now);
      if (this.#spinner === undefined) this.#spinner = spin(text);
      else this.#spinner.text = text;
      return;
    }
    this.#spinner?.stop();
    this.#spinner = undefined;
    if (spin === undefined || !this.#hasSpinner) this.#tell(shown, now);
  }

  /** Each once by its name, and from then on, now and then, what all of it waits for. */
  #tell(shown: readonly Entry[], now: number): void {
    if (this.#held > 0) return;
    for (const entry of shown) {
      const elapsedMs = now - entry.since;
      if (elapsedMs < entry.dueMs) continue;
      if (!entry.hasSaid) this.#options.say?.(withTimes(entry.text, [limitOf(entry)]));
      else if (entry === shown.at(-1))
        this.#options.say?.(withTimes(textOf(shown), [secondsOf(elapsedMs), limitOf(entry)]));
      entry.hasSaid = true;
      entry.dueMs = nextBeat(elapsedMs);
    }
  }
}

/** What began last, and before it the work that it is for. */
function textOf(shown: readonly Entry[]): string {
  const last = shown.at(-1);
  const work = shown.findLast(({ afterMs }) => afterMs === 0);
  const texts = work === undefined || work === last ? [last] : [work, last];
  return texts.map((entry) => entry?.text ?? '').join(': ');
}

/** Work that is named with each of its steps needs no seconds. */
function lineOf(shown: readonly Entry[], now: number): string {
  const last = shown.at(-1);
  if (last === undefined) return '';
  const elapsedMs = now - last.since;
  const times = [last.afterMs === 0 ? '' : secondsOf(elapsedMs), limitOf(last)];
  return withTimes(textOf(shown), elapsedMs >= 1000 ? times : []);
}

function withTimes(text: string, times: readonly string[]): string {
  const known = times.filter((word) => word !== '');
  return `${conversationLine(text)}${known.length > 0 ? ` (${known.join(', ')})` : ''}`;
}

function secondsOf(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  return seconds > 0 ? `${seconds} s` : '';
}

function limitOf({ limitMs }: Entry): string {
  return limitMs > 0 ? `at most ${Math.round(limitMs / 1000)}` : '';
}
