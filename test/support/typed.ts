/** What a person types at a terminal and sees there, without a start of bai: the terminal is one of this process. */

import { clearLine, cursorTo, moveCursor } from 'node:readline';
import { PassThrough, Writable } from 'node:stream';
import type { LocalOutput } from '../../src/core/local-streams.ts';
import { InterruptedError } from '../../src/errors.ts';
import { runWith } from './in-process.ts';
import { until as untilTrue } from './until.ts';

export interface Typing {
  /** What is typed at each question, in their order. */
  readonly answers?: readonly (readonly [question: RegExp, answer: string])[];
  /** Ctrl-C is typed when this is on the screen. */
  readonly until?: RegExp | undefined;
  /** Of the terminal, for tables; 90 when left out, as in the pages. What is said is never wrapped. */
  readonly columns?: number | undefined;
}

export interface Seen {
  readonly code: number;
  /** What stands on the screen at the end. */
  readonly screen: string;
}

/** The environment is that of the process as well: `HOME`, `PATH` and the current folder have to be its own. */
export async function typeHere(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  { answers = [], until, columns = 90 }: Typing = {},
  limit: AbortSignal = new AbortController().signal,
): Promise<Seen> {
  const interrupt = new AbortController();
  const signal = AbortSignal.any([interrupt.signal, limit]);
  const terminal = new Screen(columns);
  const left = [...answers];
  terminal.onText = () => {
    const [question, answer] = left[0] ?? [];
    if (question?.test(terminal.unseen) === true) {
      left.shift();
      terminal.type(`${answer}\n`);
    }
    if (until?.test(terminal.text) === true) interrupt.abort(new InterruptedError());
  };
  const { keyboard: stdin, out: stdout, conversation: stderr } = terminal;
  const code = await runWith({ stdin, stdout, stderr }, args, { environment, signal });
  // A process ends when the last spinner has gone, which may be a moment after its command.
  await untilTrue(() => !terminal.isDrawing, 'the cursor is shown again');
  if (left.length > 0) throw new Error(`nobody asked ${left[0]?.[0]}; the screen: ${terminal.text}`);
  return { code, screen: standing(terminal.text) };
}

/** As a terminal does, it shows what is typed, unless a program reads key by key. */
class Screen {
  text = '';
  onText: () => void = () => {};
  #isRaw = false;
  #answered = 0;
  readonly keyboard = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => {
      this.#isRaw = isRaw;
    },
  });
  readonly out: LocalOutput;
  readonly conversation: LocalOutput = this.#glass(1_000, (text) => {
    this.text += text;
    this.onText();
  });

  constructor(columns: number) {
    this.out = this.#glass(columns, (text) => this.conversation.write(text));
  }

  /** Since the last answer. */
  get unseen(): string {
    return this.text.slice(this.#answered);
  }

  /** Whoever draws hides the cursor. */
  get isDrawing(): boolean {
    return this.text.lastIndexOf('\x1b[?25l') > this.text.lastIndexOf('\x1b[?25h');
  }

  type(text: string): void {
    this.#answered = this.text.length;
    // Whoever asks begins to read when the question has been written.
    setImmediate(() => {
      if (!this.#isRaw) this.text += text;
      this.keyboard.write(text);
    });
  }

  /** Both outputs are of one screen: what comes to either makes room for a spinner. */
  #glass(columns: number, show: (text: string) => void): LocalOutput {
    const glass: Writable = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        show(chunk.toString());
        done();
      },
    });
    return Object.assign(glass, {
      ...{ isTTY: true, columns, rows: 60 },
      cursorTo: (column: number) => cursorTo(glass, column),
      moveCursor: (right: number, down: number) => moveCursor(glass, right, down),
      clearLine: (direction: -1 | 0 | 1) => clearLine(glass, direction),
    });
  }
}

/** What stands on a screen where this was written: lines that were drawn again are there once, as they were last. */
export function standing(text: string): string {
  const rows: string[] = [''];
  let [row, column] = [0, 0];
  const begun = (): string => (rows[row] ?? '').slice(0, column).padEnd(column);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what is looked for.
  const sequence = /\x1b\[(?<count>[\d;?]*)(?<name>[A-Za-z])|(?<end>[\r\n])|(?<words>[^\x1b\r\n]+)/g;
  for (const { groups: { count = '', name, end, words } = {} } of text.matchAll(sequence)) {
    if (name === 'A') row = Math.max(0, row - Number(count || '1'));
    if (name === 'G') column = Number(count || '1') - 1;
    if (name === 'K') rows[row] = count === '2' ? '' : begun();
    if (name === 'J') rows.splice(row, Number.POSITIVE_INFINITY, begun());
    if (end !== undefined) column = 0;
    if (end === '\n') row += 1;
    rows[row] ??= '';
    if (words === undefined) continue;
    rows[row] = begun() + words + (rows[row] ?? '').slice(column + words.length);
    column += words.length;
  }
  return rows.join('\n');
}
