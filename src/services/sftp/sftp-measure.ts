/** How much a transfer of folders will move, counted while it runs: the total of many files makes a time left out of a rate. */

import { setTimeout as after } from 'node:timers/promises';
import type { TransferProgress } from '../../core/reporter.ts';
import type { PathFilter } from '../../core/sftp/path-filter.ts';
import { remotePath } from '../../core/sftp/remote-path.ts';
import type { TreeListing } from '../../core/sftp/sync-plan.ts';
import type { TransferOptions } from '../../core/sftp/transfer-options.ts';
import { isUnfinished } from '../../core/sftp/transfer-plan.ts';
import type { LocalFiles } from '../../transfer/local/local-files.ts';
import type { RemoteFiles } from '../../transfer/remote-files.ts';
import { listLocalTree, listRemoteTree } from './sftp-tree.ts';

interface Measured {
  readonly sources: readonly string[];
  readonly recursive: boolean;
  readonly options: TransferOptions;
}

/** Where the sources are. */
interface MeasuredSide {
  stat(path: string): Promise<{ readonly kind: string; readonly size: number | undefined } | undefined>;
  /** All below a folder; ends early when the signal aborts. */
  tree(path: string, accepts: PathFilter, signal: AbortSignal): Promise<TreeListing>;
}

export function localMeasure(local: LocalFiles): MeasuredSide {
  return {
    stat: (path) => local.stat(path),
    tree: (path, accepts, signal) => listLocalTree(path, untilOver(local, signal), { accepts, follow: true }),
  };
}

/** Costs a second listing of each folder, so it starts only when the transfer has shown that it takes long. */
export function remoteMeasure(files: RemoteFiles, windows: boolean): MeasuredSide {
  return {
    stat: (path) => files.stat(path),
    tree: (path, accepts, signal) =>
      listRemoteTree(remotePath(path), untilOver(files, signal), {
        accepts,
        use: windows ? 'on Windows' : 'here',
      }),
  };
}

/** A transfer that is over by then needs no total, and neither does one that nobody watches. */
const startAfterMs = 1_500;
/** A total is to be there when it is looked for. */
const aheadMs = 1_000;

/** Tells `progress` once all is counted; ends when disposed of. What cannot be counted the transfer itself tells. */
export function measure(measured: Measured, side: MeasuredSide, progress: TransferProgress): Disposable {
  const over = new AbortController();
  const startMs = Math.max(startAfterMs, progress.shownAfterMs - aheadMs);
  count({ ...measured, startMs }, side, over.signal).then(
    (total) => {
      if (total !== undefined && !over.signal.aborted) progress.expect(total.files, total.bytes);
    },
    () => {},
  );
  return { [Symbol.dispose]: () => over.abort() };
}

interface Total {
  files: number;
  bytes: number;
}

async function count(
  measured: Measured & { readonly startMs: number },
  side: MeasuredSide,
  signal: AbortSignal,
): Promise<Total | undefined> {
  const { sources, recursive, options, startMs } = measured;
  // Of what is there already nobody knows yet how much will be left out.
  if (options.ifExists !== 'overwrite' || (sources.length === 1 && !recursive)) return undefined;
  await after(startMs, undefined, { signal, ref: false });
  const total: Total = { files: 0, bytes: 0 };
  for (const source of sources) {
    const found = await side.stat(source);
    if (found?.kind === 'file') add(total, found.size);
    if (found?.kind !== 'folder' || !recursive) continue;
    const { entries } = await side.tree(source, options.accepts, signal);
    for (const { path, kind, size } of entries) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (kind === 'file' && options.accepts(path, false) && !isUnfinished(name)) add(total, size);
    }
  }
  return total;
}

function add(total: Total, bytes = 0): void {
  total.files += 1;
  total.bytes += bytes;
}

/** Listings that end early, so that a large tree is not read on after the transfer. */
function untilOver<F extends Pick<LocalFiles, 'list'> | Pick<RemoteFiles, 'list'>>(
  files: F,
  signal: AbortSignal,
): F {
  return {
    ...files,
    async *list(...given: readonly [string, boolean]) {
      for await (const entry of files.list(...given)) {
        if (signal.aborted) return;
        yield entry;
      }
    },
  };
}
