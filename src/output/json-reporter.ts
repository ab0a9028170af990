/** The answer as one JSON value on stdout, the conversation as one JSON object a line on stderr. */

import type { LocalOutput } from '../core/local-streams.ts';
import type { Reporter, Step } from '../core/reporter.ts';
import { safeJson } from '../core/text/sanitize.ts';
import { describeError } from './describe-error.ts';
import {
  eventTelling,
  eventView,
  noView,
  processClock,
  showTransfer,
  wordTelling,
} from './transfer-progress.ts';

interface JsonReporterOptions {
  readonly stdout: LocalOutput;
  readonly stderr: LocalOutput;
  /** What happens on the way is told too. */
  readonly events: boolean;
}

export function jsonReporter({ stdout, stderr, events }: JsonReporterOptions): Reporter {
  const note = (value: unknown): void => void stderr.write(`${safeJson(value)}\n`);
  return {
    json: true,
    interactive: false,
    result: (value) => void stdout.write(`${safeJson(value, 2)}\n`),
    text: (content) => void stdout.write(`${safeJson({ text: content })}\n`),
    info: () => {},
    warn: (message, hint) => note({ warning: message, ...(hint !== undefined && { hint }) }),
    step: () => silentStep,
    busy: () => ({ stop: () => {} }),
    wait: () => nothing,
    yieldTerminal: () => nothing,
    withoutSpinner: () => {},
    resultAside: (value) => note({ result: value }),
    transfer() {
      if (events) return showTransfer(eventView(note), eventTelling(note), processClock);
      const telling = wordTelling(
        (message) => this.warn(message),
        () => {},
      );
      return showTransfer(noView, telling, processClock);
    },
    watch: () => ({
      isDrawn: false,
      draw: () => {},
      tell: (value) => void stdout.write(`${safeJson(value)}\n`),
      [Symbol.dispose]: () => {},
    }),
    failure(error) {
      const { exitCode, code, message, hint, details, stack } = describeError(error);
      note({
        error: { code, message, ...(hint && { hint }), exitCode, ...details, ...(stack && { stack }) },
      });
      return exitCode;
    },
  };
}

const nothing: Disposable = { [Symbol.dispose]: () => {} };
const silentStep: Step = { update: () => {}, done: () => {}, fail: () => {} };
