/** What a sync shows of the engine's run. */

import type { SyncPlan } from '../../core/sftp/sync-plan.ts';
import type { TransferProblem } from '../../core/sftp/transfer-plan.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import type { TreeObserver } from '../../transfer/remote-files.ts';

/** The engine meets again what the plan has told, and names it with the dot that the source ends in. */
export function planView(
  plan: SyncPlan,
  top: string,
): {
  readonly isNews: (problem: TransferProblem) => boolean;
  /** Relative to the source. */
  readonly below: (path: string) => string;
  readonly observe: (observer: TreeObserver) => TreeObserver;
} {
  const folder = top.slice(0, -1);
  const known = new Set([...plan.failed, ...plan.skipped].map(({ path }) => sanitizeLine(path)));
  const below = (path: string): string => {
    const plain = path.replace('/./', '/').replace(/^\.\//, '');
    const start = folder.replace(/^\.\//, '');
    return plain.startsWith(start) ? plain.slice(start.length) : plain;
  };
  const isNews = ({ path }: TransferProblem): boolean => !known.has(sanitizeLine(below(path)));
  const observe = (observer: TreeObserver): TreeObserver => ({
    ...observer,
    started: (path, totalBytes) => observer.started(below(path), totalBytes),
    resumed: (path, bytes) => observer.resumed?.(below(path), bytes),
    failed: (problem) => isNews(problem) && observer.failed(problem),
    skipped: (problem) => isNews(problem) && observer.skipped(problem),
  });
  return { isNews, observe, below };
}
