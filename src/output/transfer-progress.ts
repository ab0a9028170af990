/** Shows a transfer while it runs: bars on a terminal, a line now and then in a log, events for programs. */

import type { TransferProgress } from '../core/reporter.ts';
import type { TransferProblem } from '../core/sftp/transfer-plan.ts';
import { sanitizeLine } from '../core/text/sanitize.ts';
import { timeLeft } from './progress-bar.ts';
import { barLines, heartbeatLine } from './progress-lines.ts';
import { type FileView, type TotalView, TransferState } from './transfer-state.ts';

export interface Clock {
  /** Milliseconds since whenever. */
  now(): number;
  /** Calls again and again until disposed of; does not keep the process alive. */
  every(ms: number, call: () => void): Disposable;
}

export const processClock: Clock = {
  now: () => performance.now(),
  every(ms, call) {
    const timer = setInterval(call, ms).unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
};

/** Where the numbers go. */
export interface View {
  /** Milliseconds between two looks, and the least between looks that new numbers ask for (nothing: none). */
  readonly everyMs: number;
  readonly onUpdateMs: number | undefined;
  show(state: TransferState, time: number): void;
  started?(path: string, totalBytes: number | undefined): void;
  ended?(file: { path: string; bytes: number; totalBytes: number | undefined }): void;
  resumed?(path: string, bytes: number): void;
  /** Nothing may be left of bars after it. */
  stop(): void;
}

interface BarScreen {
  draw(lines: readonly string[]): void;
  clear(): void;
  readonly columns: number;
  readonly rows: number;
}

const drawEveryMs = 100;
/** A bar that flashes tells nobody anything. */
const drawAfterMs = 500;
const heartbeatMs = 5_000;
const eventMs = 1_000;

export function barView(screen: BarScreen, startedAt: number): View {
  return {
    everyMs: drawAfterMs,
    onUpdateMs: drawEveryMs,
    show(state, time) {
      if (time - startedAt < drawAfterMs) return;
      const total = state.total(time);
      const lasting = state.files(time).filter((file) => time - file.startedAt >= drawAfterMs);
      if (total.startedFiles > 0) screen.draw(barLines(lasting, total, screen));
    },
    stop: () => screen.clear(),
  };
}

export function heartbeatView(say: (line: string) => void): View {
  return {
    everyMs: heartbeatMs,
    onUpdateMs: undefined,
    show(state, time) {
      const total = state.total(time);
      if (total.startedFiles > 0) say(heartbeatLine(state.files(time), total));
    },
    stop: () => {},
  };
}

export function eventView(note: (event: object) => void): View {
  return {
    everyMs: eventMs,
    onUpdateMs: undefined,
    show: (state, time) => note(progressEvent(state.files(time), state.total(time))),
    started: (path, totalBytes) => note({ event: 'start', path, totalBytes }),
    ended: (file) => note({ event: 'end', ...file }),
    resumed: (path, bytes) => note({ event: 'resumed', path, bytes }),
    stop: () => {},
  };
}

/** Where single happenings go. */
interface Telling {
  failed(problem: TransferProblem): void;
  skipped(problem: TransferProblem): void;
  retrying(problem: TransferProblem): void;
  left(paths: readonly string[]): void;
}

export function wordTelling(warn: (message: string) => void, info: (message: string) => void): Telling {
  const about = (path: string): string => (path === '' ? '' : `${sanitizeLine(path)}: `);
  return {
    failed: ({ path, reason }) => warn(`${about(path)}not moved: ${reason}`),
    skipped: ({ path, reason }) => warn(`${about(path)}left out: ${reason}`),
    retrying: ({ path, reason }) => info(`${about(path)}trying again: ${reason}`),
    left: (paths) => warn(leftInSession(paths)),
  };
}

export function eventTelling(note: (event: object) => void): Telling {
  const tell = (event: string) => (problem: TransferProblem) => {
    const { path, reason, code } = problem;
    note({ event, path, reason, code });
  };
  return {
    ...{ failed: tell('failed'), skipped: tell('skipped'), retrying: tell('retry') },
    left: (paths) => note({ event: 'left', paths }),
  };
}

const mostLeftNamed = 5;

/** One line however many there are. */
export function leftInSession(paths: readonly string[]): string {
  const more = paths.length - mostLeftNamed;
  const named = paths.slice(0, mostLeftNamed).map(sanitizeLine).join(', ');
  return `may be left in the session, because it could not be removed: ${named}${more > 0 ? ` and ${more} more` : ''}`;
}

export const noView: View = {
  everyMs: 3_600_000,
  onUpdateMs: undefined,
  show: () => {},
  stop: () => {},
};

export function showTransfer(view: View, telling: Telling, clock: Clock): TransferProgress {
  const state = new TransferState(clock.now());
  let shownAt = Number.NEGATIVE_INFINITY;
  const show = (): void => {
    shownAt = clock.now();
    view.show(state, shownAt);
  };
  const timer = clock.every(view.everyMs, show);
  const end = (): void => {
    timer[Symbol.dispose]();
    view.stop();
  };
  return {
    shownAfterMs: view.everyMs,
    expect: (files, bytes) => state.expect(files, bytes),
    file(path, totalBytes) {
      const file = state.start(path, totalBytes, clock.now());
      view.started?.(path, totalBytes);
      return {
        update(bytes) {
          const time = clock.now();
          state.update(file, bytes, time);
          if (view.onUpdateMs !== undefined && time - shownAt >= view.onUpdateMs) show();
        },
        stop() {
          state.finish(file);
          view.ended?.({ path, bytes: file.bytes, totalBytes });
        },
      };
    },
    resumed(path, bytes) {
      state.resume(path, bytes);
      view.resumed?.(path, bytes);
    },
    failed: (problem) => telling.failed(problem),
    skipped: (problem) => telling.skipped(problem),
    left: (paths) => telling.left(paths),
    retrying(problem) {
      state.retries += 1;
      telling.retrying(problem);
    },
    [Symbol.dispose]: end,
  };
}

function progressEvent(files: readonly FileView[], total: TotalView): object {
  const left = timeLeft(total);
  return {
    event: 'progress',
    files: total.finishedFiles,
    ...(total.totalFiles !== undefined && { totalFiles: total.totalFiles }),
    bytes: total.bytes,
    ...(total.totalBytes !== undefined && { totalBytes: total.totalBytes }),
    bytesPerSecond: Math.round(total.bytesPerSecond),
    ...(Number.isFinite(left) && { secondsLeft: Math.round(left / 1000) }),
    retries: total.retries,
    running: files.map(({ path, bytes, totalBytes }) => ({ path, bytes, totalBytes })),
  };
}
