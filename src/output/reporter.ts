/** Prints: the answer on stdout, the conversation on stderr, both for people or both as JSON. */

import type { Ora } from 'ora';
import type { Reporter, Step, Table, TransferProgress } from '../core/reporter.ts';
import { foreignStart, sanitizeLine, sanitizeText } from '../core/sanitize.ts';
import { describeError } from './describe-error.ts';
import { jsonReporter } from './json-reporter.ts';
import { createLiveArea, type LiveArea } from './live-area.ts';
import type { SpinnerStyle } from './spinner.ts';
import { createStyle, type Style, wantsColor } from './style.ts';
import { alignedTable, tabSeparated } from './table.ts';
import {
  barView,
  heartbeatView,
  noView,
  processClock,
  showTransfer,
  type View,
  wordTelling,
} from './transfer-progress.ts';

export interface ReporterOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  /** With `json`: what happens on the way is told too. */
  readonly events: boolean;
  readonly quiet: boolean;
  readonly color: boolean | undefined;
  /** Starts a spinner; nothing where none can be shown. */
  readonly spin: ((stream: NodeJS.WriteStream, text: string, style: SpinnerStyle) => Ora) | undefined;
}

/** Work that is over before was not worth a line. */
const busyAfterMs = 1_000;

/** Whether stderr shows spinners and bars: a terminal that can move its cursor, outside CI. */
export function isAnimated(
  stderr: { readonly isTTY?: boolean; readonly columns?: number },
  environment: ReporterOptions['environment'],
): boolean {
  // A terminal that nobody told its size has no columns to draw in.
  return (
    stderr.isTTY === true && stderr.columns !== 0 && !environment['CI'] && environment['TERM'] !== 'dumb'
  );
}

export function createReporter(options: ReporterOptions): Reporter {
  return options.json ? jsonReporter(options) : humanReporter(options);
}

function isTable(human: string | readonly string[] | Table): human is Table {
  return typeof human === 'object' && 'columns' in human;
}

function humanReporter(options: ReporterOptions): Reporter {
  const { stdout, stderr } = options;
  const color = wantsColor(stderr, options.environment, options.color);
  const style = createStyle(color);
  const interactive = stderr.isTTY === true && !options.environment['CI'];
  const spin = options.quiet ? undefined : options.spin;
  const area = createLiveArea(stderr);
  const say = (line: string): void => area.print(`${line}\n`);
  let moving = 0;
  // Two would draw over each other, and over bars.
  const spinners = oneAtATime((text, afterMs) =>
    moving > 0
      ? undefined
      : spin?.(stderr, lineOf(text), { color, ...(afterMs !== undefined && { afterMs }) }),
  );
  return {
    json: false,
    interactive,
    result(_value, human) {
      if (isTable(human)) {
        const text = stdout.isTTY ? alignedTable(human, stdout.columns) : tabSeparated(human);
        if (human.rows.length > 0) stdout.write(`${text}\n`);
        return;
      }
      if (human === '') return;
      const shown = stdout.isTTY ? lineOf : sanitizeLine;
      for (const line of typeof human === 'string' ? [human] : human) stdout.write(`${shown(line)}\n`);
    },
    text: (content) => void stdout.write(stdout.isTTY ? sanitizeText(content) : content),
    info: (message) => void (options.quiet || say(lineOf(message))),
    warn(message, hint) {
      say(`${style.warning('warning:')} ${sanitizeLine(message)}`);
      if (hint !== undefined) say(style.hint(`hint: ${sanitizeLine(hint)}`));
    },
    resultAside: () => {},
    step(text) {
      const spinner = spinners.step(text);
      return spinner ? spinnerStep(spinner, style) : lineStep(say, options.quiet, text);
    },
    busy: (text, when) => spinners.busy(text, when === 'now' ? undefined : busyAfterMs),
    transfer() {
      const view = humanView(options, area, say);
      const telling = wordTelling(
        (message) => this.warn(message),
        (message) => this.info(message),
      );
      moving += 1;
      const shown = showTransfer(view, telling, processClock);
      return withEnd(shown, () => {
        moving -= 1;
      });
    },
    failure(error) {
      const described = describeError(error);
      for (const line of described.stack?.split('\n') ?? []) say(`  ${line}`);
      say(`${style.error('error:')} ${described.message}`);
      if (described.hint) say(style.hint(`hint: ${described.hint}`));
      return described.exitCode;
    },
  };
}

function humanView(options: ReporterOptions, area: LiveArea, say: (line: string) => void): View {
  const { stderr, quiet, spin } = options;
  if (quiet) return noView;
  if (spin === undefined) return heartbeatView(say);
  const screen = {
    draw: (lines: readonly string[]) => area.draw(lines),
    clear: () => area.clear(),
    // The terminal shows ^C behind the last line, which must not make it wrap.
    get columns() {
      return (stderr.columns || 80) - 2;
    },
    get rows() {
      return stderr.rows || 24;
    },
  };
  return barView(screen, processClock.now());
}

function withEnd(shown: TransferProgress, onEnd: () => void): TransferProgress {
  return {
    ...shown,
    [Symbol.dispose]() {
      shown[Symbol.dispose]();
      onEnd();
    },
  };
}

/** One line of conversation, or of an answer on a terminal: no text of others makes a line, or looks like one of bai's own. */
function lineOf(text: string): string {
  return foreignStart(sanitizeLine(text));
}

/** Off a terminal each new text is one line, once. */
function lineStep(say: (line: string) => void, quiet: boolean, text: string): Step {
  let last = '';
  const tell = (line: string | undefined): void => {
    if (line === undefined || line === last || quiet) return;
    last = line;
    say(lineOf(line));
  };
  tell(text);
  return { update: tell, done: tell, fail: tell };
}

interface Spinners {
  /** Nothing while another step is shown; what is waited for gives way. */
  step(text: string): SpinningStep | undefined;
  busy(text: string, afterMs: number | undefined): { stop(): void };
}

interface SpinningStep {
  readonly spinner: Ora;
  readonly ended: () => void;
}

function oneAtATime(spin: (text: string, afterMs?: number) => Ora | undefined): Spinners {
  let current: { readonly isStep: boolean; stop(): void } | undefined;
  return {
    step(text) {
      if (current?.isStep) return undefined;
      current?.stop();
      const spinner = spin(text);
      if (spinner === undefined) return undefined;
      const own = { isStep: true, stop: () => {} };
      current = own;
      const ended = (): void => {
        if (current === own) current = undefined;
      };
      return { spinner, ended };
    },
    busy(text, afterMs) {
      const spinner = current === undefined ? spin(text, afterMs) : undefined;
      if (spinner === undefined) return { stop: () => {} };
      const own = {
        isStep: false,
        stop() {
          spinner.stop();
          if (current === own) current = undefined;
        },
      };
      current = own;
      return own;
    },
  };
}

function spinnerStep({ spinner, ended }: SpinningStep, style: Style): Step {
  const persist = (symbol: string, line: string | undefined): void => {
    spinner.stopAndPersist({ symbol, text: line === undefined ? spinner.text : lineOf(line) });
    ended();
  };
  return {
    update(line) {
      spinner.text = lineOf(line);
    },
    done: (line) => persist(style.good('✓'), line),
    fail: (line) => persist(style.error('✗'), line),
  };
}
