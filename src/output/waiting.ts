/** What is waited for, on one line of the terminal: a single spinner for all, with the seconds once it lasts. */

import type { Ora } from 'ora';
import { sanitizeLine } from '../core/sanitize.ts';

export interface WaitingOptions {
  /** Starts a spinner; nothing where none can be shown. */
  readonly spin: ((text: string) => Ora) | undefined;
  /** Where there is a terminal and no spinner: a line for what takes long. */
  readonly say: ((line: string) => void) | undefined;
}

/** Something that goes on; what began last is what is shown. */
interface Entry {
  text: string;
  readonly since: number;
  /** When it is worth a word. */
  readonly afterMs: number;
  readonly limitMs: number;
  hasSaid: boolean;
}

export interface ShownWait extends Disposable {
  update(text: string): void;
  /** It is over, and its line stays, with this in the spinner's place. */
  persist(symbol: string, text: string | undefined): void;
}

/** People notice a pause of a second. */
const noticedMs = 1_000;
const lookEveryMs = 250;

export class Waiting {
  readonly #options: WaitingOptions;
  readonly #entries = new Set<Entry>();
  #spinner: Ora | undefined;
  #timer: NodeJS.Timeout | undefined;
  #held = 0;
  #hasSpinner = true;

  constructor(options: WaitingOptions) {
    this.#options = options;
  }

  /** Shown at once. */
  work(text: string): ShownWait {
    return this.#add(text, 0, 0);
  }

  /** Shown when it lasts; 0 for `limitMs` is no limit. */
  wait(text: string, limitMs: number): Disposable {
    return this.#add(text, noticedMs, limitMs);
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

  #add(text: string, afterMs: number, limitMs: number): ShownWait {
    const entry: Entry = { text, since: performance.now(), afterMs, limitMs, hasSaid: false };
    this.#entries.add(entry);
    this.#timer ??= setInterval(() => this.#draw(), lookEveryMs).unref();
    this.#draw();
    const end = (): void => {
      this.#entries.delete(entry);
      if (this.#entries.size === 0) {
        clearInterval(this.#timer);
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
        spinner?.stopAndPersist({ symbol, text: sanitizeLine(last ?? entry.text) });
        end();
      },
      [Symbol.dispose]: end,
    };
  }

  #draw(): void {
    const shown = [...this.#entries].filter((entry) => performance.now() - entry.since >= entry.afterMs);
    const { spin } = this.#options;
    const text = lineOf(shown);
    if (spin !== undefined && this.#hasSpinner && shown.length > 0 && this.#held === 0) {
      if (this.#spinner === undefined) this.#spinner = spin(text);
      else this.#spinner.text = text;
      return;
    }
    this.#spinner?.stop();
    this.#spinner = undefined;
    if (spin === undefined || !this.#hasSpinner) this.#tell(shown);
  }

  /** What is shown at once elsewhere flashes by in a log. */
  #tell(shown: readonly Entry[]): void {
    for (const entry of shown) {
      if (entry.hasSaid || entry.afterMs === 0 || this.#held > 0) continue;
      entry.hasSaid = true;
      this.#options.say?.(`${sanitizeLine(entry.text)}${limitOf(entry)}`);
    }
  }
}

/** What began first is the reason for the rest. */
function lineOf(shown: readonly Entry[]): string {
  const texts = shown
    .map(({ text }) => sanitizeLine(text))
    .filter((text, at, all) => all.indexOf(text) === at);
  const last = shown.at(-1);
  const seconds = last === undefined ? 0 : Math.floor((performance.now() - last.since) / 1000);
  const time = seconds === 0 || last === undefined ? '' : `, ${seconds} s${limitOf(last)}`;
  return `${texts.length > 2 ? [texts[0], texts.at(-1)].join(': ') : texts.join(': ')}${time}`;
}

function limitOf({ limitMs }: Entry): string {
  return limitMs > 0 ? ` (at most ${Math.round(limitMs / 1000)})` : '';
}
