/** The answer of `--dry-run`: what would be done, and nothing is. */

import { DryRun } from '../../core/sftp/dry-run.ts';
import type { SyncRemoval } from '../../core/sftp/sync-plan.ts';
import type { TransferProblem, TransferSummary } from '../../core/sftp/transfer-plan.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { formatBytes } from '../../core/text/units.ts';
import { ExitCode } from '../../errors.ts';
import type { TreeObserver } from '../../transfer/remote-files.ts';
import type { TransferAbout } from './sftp-transfer.ts';

interface ShownCopy {
  readonly path: string;
  /** Where it goes, unless that is the same path on the other side. */
  readonly target?: string;
  readonly bytes: number;
  readonly reason: string;
}

interface ShownPlan {
  /** To be made, each before what is in it. */
  readonly folders: readonly string[];
  readonly copies: readonly ShownCopy[];
  readonly unchanged: number;
  readonly removals: readonly SyncRemoval[];
  readonly failed: readonly TransferProblem[];
  readonly skipped: readonly TransferProblem[];
  /** What can be neither compared nor removed. */
  readonly unknown: readonly TransferProblem[];
}

export function showPlan(plan: ShownPlan, { session, reporter }: TransferAbout): ExitCode {
  const { folders, copies, removals, unchanged, skipped } = plan;
  const failed = [...plan.failed, ...plan.unknown];
  const say = ({ path, reason }: TransferProblem, what: string): void =>
    reporter.warn(`${sanitizeLine(path)}: ${what}: ${reason}`);
  for (const problem of plan.failed) say(problem, 'cannot be copied');
  for (const problem of plan.unknown) say(problem, 'cannot be removed');
  for (const problem of skipped) say(problem, 'is left out');
  const bytes = copies.reduce((sum, copied) => sum + copied.bytes, 0);
  reporter.result({ session, dryRun: true, bytes, unchanged, folders, copies, removals, failed, skipped }, [
    ...folders.map((path) => `mkdir  ${path}/`),
    ...copies.map(describeCopy),
    ...removals.map(({ path, isFolder }) => `remove ${path}${isFolder ? '/' : ''}`),
  ]);
  reporter.info(
    `${copies.length} to copy (${formatBytes(bytes)}), ${removals.length} to remove, ${unchanged} unchanged`,
  );
  return failed.length === 0 ? ExitCode.ok : ExitCode.failure;
}

function describeCopy({ path, target, reason }: ShownCopy): string {
  return `copy   ${path}${target === undefined ? '' : ` -> ${target}`} (${reason})`;
}

/** `--dry-run` of put and get: the same walk and the same decisions as without it. */
export async function planTransfer(
  about: TransferAbout,
  walk: (plan: DryRun, observer: TreeObserver) => Promise<TransferSummary>,
): Promise<ExitCode> {
  const plan = new DryRun();
  const busy = about.reporter.busy('looking at what there is');
  const { failed, skipped } = await walk(plan, silent).finally(() => busy.stop());
  const { folders, copies } = plan;
  const allFailed = [...(about.refused ?? []), ...failed];
  return showPlan(
    { folders, copies, failed: allFailed, skipped, unchanged: 0, removals: [], unknown: [] },
    about,
  );
}

/** The answer tells all of it. */
const silent: TreeObserver = {
  started: () => ({ update() {}, stop() {} }),
  failed() {},
  skipped() {},
};
