/** Prints: the answer on stdout, the conversation on stderr, both for people or both as JSON. */

import type { Ora } from 'ora';
import { isAccessible } from '../core/accessible.ts';
import type { LocalOutput } from '../core/local-streams.ts';
import type { Reporter, Step, Table, TransferProgress, WatchedTable } from '../core/reporter.ts';
import { conversationLine, sanitizeLine, sanitizeText } from '../core/text/sanitize.ts';
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
import { type ShownWait, Waiting } from './waiting.ts';
import { drawnTable, toldTable } from './watched-table.ts';
import { wrapWords } from './wrap-words.ts';

interface ReporterOptions {
  readonly stdout: LocalOutput;
  readonly stderr: LocalOutput;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  /** With `json`: what happens on the way is told too. */
  readonly events: boolean;
  readonly quiet: boolean;
  readonly color: boolean | undefined;
  /** Starts a spinner; nothing where none can be shown. */
  readonly spin: ((stream: LocalOutput, text: string, style: SpinnerStyle) => Ora) | undefined;
}

/** Whether stderr shows spinners and bars: a terminal that can move its cursor, outside CI, of somebody who wants them. */
export function isAnimated(
  stderr: { readonly isTTY?: boolean; readonly columns?: number },
  environment: ReporterOptions['environment'],
): boolean {
  // A terminal that nobody told its size has no columns to draw in.
  return (
    stderr.isTTY === true &&
    stderr.columns !== 0 &&
    !environment['CI'] &&
    environment['TERM'] !== 'dumb' &&
    !isAccessible(environment)
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
  /** A table that is drawn on the terminal of stdout, which is that of stderr too. */
  let table: LiveArea | undefined;
  const say = (line: string): void =>
    (table !== undefined && stderr.isTTY === true ? table : area).print(`${line}\n`);
  const fold = (text: string, label: string): string =>
    stderr.isTTY === true && stderr.columns ? wrapWords(text, stderr.columns, label.length) : text;
  const waiting = new Waiting({
    spin: spin && ((text) => spin(stderr, text, { color })),
    say: options.quiet ? undefined : say,
    interactive,
  });
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
      const shown = stdout.isTTY ? conversationLine : sanitizeLine;
      for (const line of typeof human === 'string' ? [human] : human) stdout.write(`${shown(line)}\n`);
    },
    text: (content) => void stdout.write(stdout.isTTY ? sanitizeText(content) : content),
    info: (message) => void (options.quiet || say(conversationLine(message))),
    warn(message, hint) {
      say(`${style.warning('warning:')} ${fold(sanitizeLine(message), 'warning: ')}`);
      if (hint !== undefined) say(style.hint(`hint: ${fold(sanitizeLine(hint), 'hint: ')}`));
    },
    resultAside: () => {},
    step: (text) =>
      (spin ? spinnerStep : lineStep)(waiting.work(text), { text, style, say, quiet: options.quiet }),
    busy(text, when) {
      const shown = when === 'now' ? waiting.work(text) : waiting.busy(text);
      return { stop: () => shown[Symbol.dispose]() };
    },
    wait: (text, limitMs) => waiting.wait(text, limitMs),
    yieldTerminal: () => waiting.hold(),
    withoutSpinner: () => waiting.withoutSpinner(),
    transfer() {
      return shownTransfer(humanView(options, area, say), this, waiting);
    },
    watch: () =>
      watchedTable(options, waiting, (area) => {
        table = area;
      }),
    failure: (error) => tellFailure(error, { say, style, fold }),
  };
}

interface FailureVoice {
  readonly say: (line: string) => void;
  readonly style: Style;
  readonly fold: (text: string, label: string) => string;
}

function tellFailure(error: unknown, { say, style, fold }: FailureVoice): number {
  const described = describeError(error);
  for (const line of described.stack?.split('\n') ?? []) say(`  ${line}`);
  say(`${style.error('error:')} ${fold(described.message, 'error: ')}`);
  if (described.hint) say(style.hint(`hint: ${fold(described.hint, 'hint: ')}`));
  return described.exitCode;
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

/** `use` gets where the table is drawn, and nothing when it is over. */
function watchedTable(
  { stdout, environment }: ReporterOptions,
  waiting: Waiting,
  use: (area: LiveArea | undefined) => void,
): WatchedTable {
  if (!isAnimated(stdout, environment)) return toldTable(stdout);
  const area = createLiveArea(stdout);
  use(area);
  // A spinner draws over the last line.
  const held = waiting.hold();
  return drawnTable(area, stdout, () => {
    use(undefined);
    held[Symbol.dispose]();
  });
}

function shownTransfer(
  view: View,
  { warn, info }: Pick<Reporter, 'warn' | 'info'>,
  waiting: Waiting,
): TransferProgress {
  const telling = wordTelling(
    (message) => warn(message),
    (message) => info(message),
  );
  const shown = showTransfer(view, telling, processClock);
  // A spinner draws over bars.
  const held = waiting.hold();
  return {
    ...shown,
    [Symbol.dispose]() {
      shown[Symbol.dispose]();
      held[Symbol.dispose]();
    },
  };
}

interface StepVoice {
  readonly text: string;
  readonly style: Style;
  readonly quiet: boolean;
  readonly say: (line: string) => void;
}

/** Where nothing is drawn each new text is one line, once. */
function lineStep(shown: ShownWait, { say, quiet, text }: StepVoice): Step {
  let last = '';
  const tell = (line: string | undefined): void => {
    if (line === undefined || line === last || quiet) return;
    last = line;
    say(conversationLine(line));
  };
  const end = (line: string | undefined): void => {
    tell(line);
    shown[Symbol.dispose]();
  };
  tell(text);
  return {
    update(line) {
      tell(line);
      shown.update(line);
    },
    done: end,
    fail: end,
  };
}

function spinnerStep(shown: ShownWait, { style }: StepVoice): Step {
  return {
    update: (line) => shown.update(line),
    done: (line) => shown.persist(style.good('✓'), line),
    fail: (line) => shown.persist(style.error('✗'), line),
  };
}
