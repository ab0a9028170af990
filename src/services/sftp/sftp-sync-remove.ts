/** Removes from a target what its source does not have; never through a link that leads elsewhere. */

import { joinRemote, remotePath } from '../../core/sftp/remote-path.ts';
import type { SyncRemoval } from '../../core/sftp/sync-plan.ts';
import type { TransferProblem } from '../../core/sftp/transfer-plan.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { BaiError, ConflictError, UnreachableError } from '../../errors.ts';
import type { LocalFiles } from '../../transfer/local/local-files.ts';
import type { RemoteFiles } from '../../transfer/remote-files.ts';
import type { SftpTools } from './sftp-tools.ts';

/** Paths are relative to the target, with `/` between names; `''` is the target itself. */
export interface RemovalSide {
  /** The place that a folder really is, and that it would be without links below the target. */
  place(folder: string): Promise<{ readonly real: string; readonly expected: string }>;
  remove(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
}

export function remoteSide(root: string, files: RemoteFiles): RemovalSide {
  const at = (path: string): string => (path === '' ? root : joinRemote(root, path));
  const realRoot = lazily(() => files.realpath(remotePath(root)));
  return {
    async place(folder) {
      const [top, real] = await Promise.all([realRoot(), files.realpath(at(folder))]);
      return { real, expected: folder === '' ? top : joinRemote(top, folder) };
    },
    remove: (path) => files.remove(at(path)),
    removeFolder: (path) => files.removeFolder(at(path)),
  };
}

export function localSide(root: string, local: LocalFiles): RemovalSide {
  const at = (path: string): string => (path === '' ? root : local.join(root, path));
  const realRoot = lazily(() => local.realPath(root));
  return {
    async place(folder) {
      const [top, real] = await Promise.all([realRoot(), local.realPath(at(folder))]);
      return { real, expected: folder === '' ? top : local.join(top, folder) };
    },
    remove: (path) => local.remove(at(path)),
    removeFolder: (path) => local.removeFolder(at(path)),
  };
}

interface RemovalResult {
  readonly removed: number;
  readonly failed: readonly TransferProblem[];
}

/** Removes in the given order, files of one stretch several at a time. */
export async function removeAll(
  removals: readonly SyncRemoval[],
  side: RemovalSide,
  { reporter, signal }: Pick<SftpTools, 'reporter' | 'signal'>,
): Promise<RemovalResult> {
  const failed: TransferProblem[] = [];
  let removed = 0;
  const removeOne = async ({ path, isFolder }: SyncRemoval): Promise<void> => {
    try {
      await checkPlace(path, side);
      await (isFolder ? side.removeFolder(path) : side.remove(path));
      removed += 1;
    } catch (error) {
      if (!(error instanceof BaiError) || error instanceof UnreachableError || signal.aborted) throw error;
      failed.push({ path, reason: sanitizeLine(error.message), code: error.code });
      reporter.warn(`${sanitizeLine(path)}: not removed: ${sanitizeLine(error.message)}`);
    }
  };
  for (const batch of batches(removals)) await Promise.all(batch.map(removeOne));
  return { removed, failed };
}

const batchSize = 16;

/** A folder stands alone: what is in it has to be gone. */
function* batches(removals: readonly SyncRemoval[]): Generator<readonly SyncRemoval[]> {
  let batch: SyncRemoval[] = [];
  for (const removal of removals) {
    if (batch.length > 0 && (removal.isFolder || batch.length === batchSize)) {
      yield batch;
      batch = [];
    }
    if (removal.isFolder) yield [removal];
    else batch.push(removal);
  }
  if (batch.length > 0) yield batch;
}

/** Looked at right before: a folder may have become a link since it was listed. */
async function checkPlace(path: string, side: RemovalSide): Promise<void> {
  const slash = path.lastIndexOf('/');
  const { real, expected } = await side.place(slash < 0 ? '' : path.slice(0, slash));
  if (real === expected) return;
  throw new ConflictError(`its folder has become a link to ${real}`, { code: 'leads-outside' });
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
