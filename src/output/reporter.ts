/** Prints: the answer on stdout, the conversation on stderr, both for people or both as JSON. */

import type { Ora } from 'ora';
import type { LocalOutput } from '../core/local-streams.ts';
import type { ProgressBar, Reporter, Step, Table, TransferProgress } from '../core/reporter.ts';
import { safeJson, sanitizeLine, sanitizeText } from '../core/sanitize.ts';
import { describeError } from './describe-error.ts';
import { createLiveArea, type LiveArea } from './live-area.ts';
import { createStyle, type Style, wantsColor } from './style.ts';
import { alignedTable, tabSeparated } from './table.ts';
import {
  barView,
  eventTelling,
  eventView,
  heartbeatView,
  noView,
  processClock,
  showTransfer,
  type View,
  wordTelling,
} from './transfer-progress.ts';

export interface ReporterOptions {
  readonly stdout: LocalOutput;
  readonly stderr: LocalOutput;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  /** With `json`: what happens on the way is told too. */
  readonly events: boolean;
  readonly quiet: boolean;
  readonly color: boolean | undefined;
  /** Starts a spinner; nothing where none can be shown. */
  readonly spin: ((stream: LocalOutput, text: string) => Ora) | undefined;
}

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
  const style = createStyle(wantsColor(stderr, options.environment, options.color));
  const interactive = stderr.isTTY === true && !options.environment['CI'];
  const spin = options.quiet ? undefined : options.spin;
  const area = createLiveArea(stderr);
  const say = (line: string): void => area.print(`${line}\n`);
  let moving = 0;
  // A spinner draws over bars.
  const spinNow = (text: string): Ora | undefined =>
    moving > 0 ? undefined : spin?.(stderr, sanitizeLine(text));
  return {
    json: false,
    interactive,
    result(_value, human) {
      if (isTable(human)) {
        const text = stdout.isTTY ? alignedTable(human) : tabSeparated(human);
        if (human.rows.length > 0) stdout.write(`${text}\n`);
        return;
      }
      if (human === '') return;
      for (const line of typeof human === 'string' ? [human] : human) stdout.write(`${sanitizeLine(line)}\n`);
    },
    text: (content) => void stdout.write(stdout.isTTY ? sanitizeText(content) : content),
    info: (message) => void (options.quiet || say(paragraph(message))),
    warn(message, hint) {
      say(`${style.warning('warning:')} ${paragraph(message)}`);
      if (hint !== undefined) say(style.hint(`hint: ${paragraph(hint)}`));
    },
    resultAside: () => {},
    step(text) {
      const spinner = spinNow(text);
      return spinner ? spinnerStep(spinner, style) : lineStep(say, options.quiet, text);
    },
    busy: (text) => spinNow(text) ?? silentBar,
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
      if (described.stack) say(described.stack);
      say(`${style.error('error:')} ${paragraph(described.message)}`);
      if (described.hint) say(style.hint(`hint: ${paragraph(described.hint)}`));
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

/** Later lines are indented: text of a server must not look like a line of bai's own. */
function paragraph(text: string): string {
  return sanitizeText(text).replaceAll('\n', '\n  ');
}

function jsonReporter({ stdout, stderr, events }: ReporterOptions): Reporter {
  const note = (value: unknown): void => void stderr.write(`${safeJson(value)}\n`);
  return {
    json: true,
    interactive: false,
    result: (value) => void stdout.write(`${safeJson(value, 2)}\n`),
    text: (content) => void stdout.write(`${safeJson({ text: content })}\n`),
    info: () => {},
    warn: (message, hint) => note({ warning: message, ...(hint !== undefined && { hint }) }),
    step: () => silentStep,
    busy: () => silentBar,
    resultAside: (value) => note({ result: value }),
    transfer() {
      if (events) return showTransfer(eventView(note), eventTelling(note), processClock);
      const telling = wordTelling(
        (message) => this.warn(message),
        () => {},
      );
      return showTransfer(noView, telling, processClock);
    },
    failure(error) {
      const { exitCode, code, message, hint, details, stack } = describeError(error);
      note({
        error: { code, message, ...(hint && { hint }), exitCode, ...details, ...(stack && { stack }) },
      });
      return exitCode;
    },
  };
}

const silentBar: ProgressBar = { update: () => {}, stop: () => {} };
const silentStep: Step = { update: () => {}, done: () => {}, fail: () => {} };

/** Off a terminal each new text is one line, once. */
function lineStep(say: (line: string) => void, quiet: boolean, text: string): Step {
  let last = '';
  const tell = (line: string | undefined): void => {
    if (line === undefined || line === last || quiet) return;
    last = line;
    say(sanitizeText(line));
  };
  tell(text);
  return { update: tell, done: tell, fail: tell };
}

function spinnerStep(spinner: Ora, style: Style): Step {
  return {
    update(line) {
      spinner.text = sanitizeLine(line);
    },
    done: (line) =>
      void spinner.stopAndPersist({ symbol: style.good('✓'), text: sanitizeLine(line ?? spinner.text) }),
    fail: (line) =>
      void spinner.stopAndPersist({ symbol: style.error('✗'), text: sanitizeLine(line ?? spinner.text) }),
  };
}
