/** The voice of bai: stdout is the answer, stderr the conversation. `src/output/` implements it. */

import type { TransferProblem } from './sftp/transfer-plan.ts';

/** A piece of work somebody waits for: a spinner on a terminal, plain lines elsewhere. */
export interface Step {
  /** The work goes on; the new text replaces the spinner's, or is one more line. */
  update(text: string): void;
  done(text?: string): void;
  fail(text?: string): void;
}

/** The bytes of one file on their way. */
interface ProgressBar {
  /** `bytes` counted from the start of the file, not since the last call. */
  update(bytes: number): void;
  stop(): void;
}

/**
 * Files on their way, several at once: bars on a terminal, a line every few seconds elsewhere, with
 * --json=events one JSON object a line. What is printed meanwhile goes above the bars. Disposal takes them away.
 */
export interface TransferProgress extends Disposable {
  /** From when on somebody sees how far it is. */
  readonly shownAfterMs: number;
  /** How much there is in all, where that is known before. */
  expect(files: number, totalBytes: number): void;
  /** Without a total where nobody knows it. */
  file(path: string, totalBytes: number | undefined): ProgressBar;
  /** An earlier run had moved `bytes` of the file. */
  resumed(path: string, bytes: number): void;
  retrying(problem: TransferProblem): void;
  failed(problem: TransferProblem): void;
  skipped(problem: TransferProblem): void;
  /** These may be left in the session, half made. */
  left(paths: readonly string[]): void;
}

/** How the answer looks for people; `undefined` cells print as `-`. */
export interface Table {
  readonly columns: readonly (string | Column)[];
  readonly rows: readonly (readonly (string | undefined)[])[];
  /** Whole cells and all columns, however narrow the terminal is. In a pipe nothing is ever cut. */
  readonly wide?: boolean;
}

export interface Column {
  readonly title: string;
  /** What a cell says on a terminal, unless the table is wide. */
  readonly short?: (text: string) => string;
  /** Never cut: half of it is of no use. */
  readonly whole?: boolean;
  /** What is cut off; the end when not given. The end of a path tells more than its beginning. */
  readonly cut?: 'start';
  /** Cells are cut to so many terminal cells before a column that gives way last is left out; 8 when not given. */
  readonly least?: number;
  /** Left out where no row has anything there, unless the table is wide. */
  readonly hidesEmpty?: boolean;
  /** Left out where the table is too wide: before anything is cut, or when cutting is not enough; the right ones first. */
  readonly gives?: 'first' | 'last';
}

/** Disposal ends it; what was shown last stays. */
export interface WatchedTable extends Disposable {
  /** A terminal has the whole table, and it is drawn again in place; else only changes are told. */
  readonly isDrawn: boolean;
  /** The note stands below the table. */
  draw(table: Table, note: string | undefined): void;
  /** With --json `value`, else the cells, in one line. */
  tell(value: unknown, cells: readonly (string | undefined)[]): void;
}

export interface Reporter {
  readonly json: boolean;
  /** Whether stderr is a terminal a person reads. */
  readonly interactive: boolean;
  /**
   * The one answer of a command: `value` as JSON with --json, else `human` on stdout.
   * Server text in both is sanitised here and nowhere else. Nothing is printed for an empty string.
   */
  result(value: unknown, human: string | readonly string[] | Table): void;
  /** The answer where stdout is taken by data: with --json on stderr, and not told to people. */
  resultAside(value: unknown): void;
  /** Raw text on stdout, for content that is data (logs, file lists in a pipe). Sanitised on a terminal only. */
  text(content: string): void;
  /** A line of conversation; silent with --json and --quiet. */
  info(message: string): void;
  /** Something the user should know of; with --json one line of JSON on stderr. */
  warn(message: string, hint?: string): void;
  step(text: string): Step;
  /**
   * On a terminal, what is waited for and how many seconds it takes, once it is more than one (`now`: at once, and no
   * seconds); `stop` leaves no trace. What began last is what is shown.
   */
  busy(text: string, when?: 'now'): { stop(): void };
  /** As `busy`, with a limit in milliseconds that is shown too; 0 is none. Told in a line where there is no spinner. */
  wait(text: string, limitMs: number): Disposable;
  /** No spinner is drawn until it is disposed of: another program has the terminal. */
  yieldTerminal(): Disposable;
  /** No spinner from now on, but lines: another program prints on the same terminal. */
  withoutSpinner(): void;
  transfer(): TransferProgress;
  /** An answer that goes on changing. */
  watch(): WatchedTable;
  /** Prints the failure and returns the exit status it stands for. */
  failure(error: unknown): number;
}
