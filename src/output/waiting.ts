/** What is waited for, on one line of the terminal: a single spinner for all, with the seconds once it lasts. */

import type { Ora } from 'ora';
import { conversationLine } from '../core/text/sanitize.ts';

interface WaitingOptions {
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
  /** Nothing more is to be said of it where there is no spinner. */
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
    return this.#add({ text, afterMs: 0, limitMs: 0, hasSaid: true });
  }

  /** Shown when it lasts, and only by a spinner. */
  busy(text: string): Disposable {
    return this.#add({ text, afterMs: noticedMs, limitMs: 0, hasSaid: true });
  }

  /** Shown when it lasts; 0 for `limitMs` is no limit. */
  wait(text: string, limitMs: number): Disposable {
    return this.#add({ text, afterMs: noticedMs, limitMs, hasSaid: false });
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
    const entry: Entry = { ...begun, since: performance.now() };
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
        const line = conversationLine(last ?? entry.text);
        if (spinner === undefined) this.#options.say?.(line);
        else spinner.stopAndPersist({ symbol, text: line });
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

  #tell(shown: readonly Entry[]): void {
    for (const entry of shown) {
      if (entry.hasSaid || this.#held > 0) continue;
      entry.hasSaid = true;
      const limit = limitOf(entry);
      this.#options.say?.(`${conversationLine(entry.text)}${limit === '' ? '' : ` (${limit})`}`);
    }
  }
}

/** What began last, and before it the work that it is for. */
function lineOf(shown: readonly Entry[]): string {
  const last = shown.at(-1);
  if (last === undefined) return '';
  const work = shown.findLast(({ afterMs }) => afterMs === 0);
  const texts = work === undefined || work === last ? [last.text] : [work.text, last.text];
  const seconds = Math.floor((performance.now() - last.since) / 1000);
  const times = [seconds > 0 && last !== work ? `${seconds} s` : '', limitOf(last)].filter(
    (word) => word !== '',
  );
  const time = seconds > 0 && times.length > 0 ? ` (${times.join(', ')})` : '';
  return `${conversationLine(texts.join(': '))}${time}`;
}

function limitOf({ limitMs }: Entry): string {
  return limitMs > 0 ? `at most ${Math.round(limitMs / 1000)}` : '';
}
