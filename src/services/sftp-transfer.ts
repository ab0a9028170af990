/** What put and get have in common: what is shown on the way, and the answer at the end. */

import type { Reporter } from '../core/reporter.ts';
import { sanitizeLine } from '../core/sanitize.ts';
import type { TransferProblem, TransferSummary } from '../core/transfer-plan.ts';
import { formatBytes } from '../core/units.ts';
import { ExitCode } from '../errors.ts';
import type { TreeObserver } from '../transfer/remote-files.ts';

export interface TransferResult extends TransferSummary {
  readonly session: string;
  readonly seconds: number;
}

/** Runs the transfer and reports it; the exit status says whether everything was moved. */
export async function reportTransfer(
  session: string,
  reporter: Reporter,
  transfer: (observer: TreeObserver) => Promise<TransferSummary>,
): Promise<ExitCode> {
  const startedAt = performance.now();
  const summary = await transfer(createObserver(reporter));
  const seconds = Math.round(performance.now() - startedAt) / 1000;
  reporter.info(describe(summary, seconds));
  const result: TransferResult = { session, ...summary, seconds };
  reporter.result(result, '');
  return summary.failed.length === 0 ? ExitCode.ok : ExitCode.failure;
}

function createObserver(reporter: Reporter): TreeObserver {
  const warn = (problem: TransferProblem, what: string): void =>
    reporter.warn(`${sanitizeLine(problem.path)}: ${what}: ${problem.reason}`);
  return {
    started: (path, totalBytes) => reporter.progress(sanitizeLine(path), totalBytes),
    failed: (problem) => warn(problem, 'not moved'),
    skipped: (problem) => warn(problem, 'left out'),
  };
}

function describe({ files, bytes, failed, skipped }: TransferSummary, seconds: number): string {
  const rate = seconds > 0 ? ` (${formatBytes(bytes / seconds)}/s)` : '';
  const parts = [`${count(files, 'file')}, ${formatBytes(bytes)} in ${seconds.toFixed(1)} s${rate}`];
  if (failed.length > 0) parts.push(`${failed.length} not moved`);
  if (skipped.length > 0) parts.push(`${skipped.length} left out`);
  return parts.join('; ');
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
