/** What put and get have in common: what is shown on the way, and the answer at the end. */

import type { Reporter, TransferProgress } from '../core/reporter.ts';
import type { TransferSummary } from '../core/transfer-plan.ts';
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
  const summary = await showWhile(reporter, transfer);
  const seconds = Math.round(performance.now() - startedAt) / 1000;
  reporter.info(describe(summary, seconds));
  const result: TransferResult = { session, ...summary, seconds };
  reporter.result(result, '');
  return summary.failed.length === 0 ? ExitCode.ok : ExitCode.failure;
}

async function showWhile<T>(
  reporter: Reporter,
  transfer: (observer: TreeObserver) => Promise<T>,
): Promise<T> {
  using progress = reporter.transfer();
  return await transfer(createObserver(progress));
}

/** The engine's happenings as the reporter shows them. */
function createObserver(progress: TransferProgress): TreeObserver {
  return {
    started: (path, totalBytes) => progress.file(path, totalBytes),
    failed: (problem) => progress.failed(problem),
    skipped: (problem) => progress.skipped(problem),
    retrying: (problem) => progress.retrying(problem),
    resumed: (path, bytes) => progress.resumed(path, bytes),
  };
}

function describe(summary: TransferSummary, seconds: number): string {
  const { files, bytes, failed, skipped, verified, resumed, retries } = summary;
  const rate = seconds > 0 ? ` (${formatBytes(bytes / seconds)}/s)` : '';
  const parts = [`${count(files, 'file')}, ${formatBytes(bytes)} in ${seconds.toFixed(1)} s${rate}`];
  if (verified > 0) parts.push(`${verified} verified`);
  if (resumed > 0) parts.push(`${resumed} resumed`);
  if (retries > 0) parts.push(`the connection was made again ${count(retries, 'time')}`);
  if (failed.length > 0) parts.push(`${failed.length} not moved`);
  if (skipped.length > 0) parts.push(`${skipped.length} left out`);
  return parts.join('; ');
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
