/** What put and get have in common: what is shown on the way, and the answer at the end. */

import type { Reporter, TransferProgress } from '../../core/reporter.ts';
import type { TransferProblem, TransferSummary } from '../../core/sftp/transfer-plan.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { formatBytes } from '../../core/text/units.ts';
import { ExitCode } from '../../errors.ts';
import type { TreeObserver } from '../../transfer/remote-files.ts';

interface TransferResult extends TransferSummary {
  readonly session: string;
  readonly seconds: number;
}

export interface TransferAbout {
  /** As the user wrote it. */
  readonly session: string;
  readonly reporter: Reporter;
  /** What was refused before the transfer began. */
  readonly refused?: readonly TransferProblem[];
}

interface TransferOutcome {
  readonly summary: TransferSummary;
  readonly seconds: number;
}

/** Runs the transfer and reports it; the exit status says whether everything was moved. */
export async function reportTransfer(
  about: TransferAbout,
  transfer: (observer: TreeObserver, progress: TransferProgress) => Promise<TransferSummary>,
): Promise<ExitCode> {
  const outcome = await runTransfer(about, transfer);
  return answerTransfer(about, outcome, (result) => about.reporter.result(result, ''));
}

/** Shows the transfer while it runs, and nothing afterwards. */
export async function runTransfer(
  { reporter, refused = [] }: TransferAbout,
  transfer: (observer: TreeObserver, progress: TransferProgress) => Promise<TransferSummary>,
): Promise<TransferOutcome> {
  const startedAt = performance.now();
  using progress = reporter.transfer();
  for (const problem of refused) progress.failed({ ...problem, path: sanitizeLine(problem.path) });
  const summary = await transfer(createObserver(progress), progress);
  const seconds = Math.round(performance.now() - startedAt) / 1000;
  return { summary: { ...summary, failed: [...refused, ...summary.failed] }, seconds };
}

export function answerTransfer(
  { session, reporter }: TransferAbout,
  { summary, seconds }: TransferOutcome,
  answer: (result: TransferResult) => void,
): ExitCode {
  if (summary.undated.length > 0) reporter.warn(describeUndated(summary.undated));
  reporter.info(describeTransfer(summary, seconds));
  answer({ session, ...summary, seconds });
  return summary.failed.length === 0 ? ExitCode.ok : ExitCode.failure;
}

/** The engine's happenings as the reporter shows them. */
function createObserver(progress: TransferProgress): TreeObserver {
  return {
    started: (path, totalBytes) => progress.file(path, totalBytes),
    failed: (problem) => progress.failed(problem),
    skipped: (problem) => progress.skipped(problem),
    retrying: (problem) => progress.retrying(problem),
    resumed: (path, bytes) => progress.resumed(path, bytes),
    left: (paths) => progress.left(paths),
  };
}

function describeTransfer(summary: TransferSummary, seconds: number): string {
  const { files, bytes, failed, skipped, verified, resumed, retries } = summary;
  const rate = seconds > 0 ? ` (${formatBytes(bytes / seconds)}/s)` : '';
  const parts = [`${count(files, 'file')}, ${formatBytes(bytes)} in ${seconds.toFixed(1)} s${rate}`];
  if (verified > 0) parts.push(`${verified} verified`);
  if (resumed > 0) parts.push(`${resumed} resumed`);
  if (retries > 0) parts.push(`reconnected ${count(retries, 'time')}`);
  if (failed.length > 0) parts.push(`${failed.length} not moved`);
  if (skipped.length > 0) parts.push(`${skipped.length} left out`);
  return parts.join('; ');
}

function describeUndated([first = '', ...others]: readonly string[]): string {
  const rest = others.length === 0 ? '' : ` and ${count(others.length, 'more file')}`;
  return `${sanitizeLine(first)}${rest}: dated before 1970 or after 2106, which SFTP cannot carry; in the session the time is that of the transfer`;
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
