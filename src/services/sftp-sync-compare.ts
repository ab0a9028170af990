/** Which files of a sync hold the same bytes on both sides, whatever their times say. */

import { joinRemote } from '../core/remote-path.ts';
import type { TreeListing } from '../core/sync-plan.ts';
import { BaiError, InterruptedError } from '../errors.ts';
import type { RemoteFiles } from '../transfer/remote-files.ts';
import type { SftpDeps } from './sftp-deps.ts';

export interface ComparedTrees {
  readonly local: { readonly root: string; readonly tree: TreeListing };
  readonly remote: { readonly root: string; readonly tree: TreeListing };
  readonly accepts: (path: string, isFolder: boolean) => boolean;
}

/** Their relative paths. Only files of equal size are read; one that cannot be read is not among them. */
export async function sameFiles(
  { local, remote, accepts }: ComparedTrees,
  files: RemoteFiles,
  deps: SftpDeps,
): Promise<ReadonlySet<string>> {
  const sizes = new Map(
    local.tree.entries.filter(({ kind }) => kind === 'file').map(({ path, size }) => [path, size]),
  );
  const candidates = remote.tree.entries.flatMap(({ path, kind, size }) =>
    kind === 'file' && size !== undefined && sizes.get(path) === size && accepts(path, false)
      ? [{ name: path, path: joinRemote(remote.root, path), size }]
      : [],
  );
  const busy = deps.reporter.busy(`comparing ${candidates.length} files`);
  try {
    const [there, here] = await Promise.all([
      files.checksums(candidates),
      localChecksums(
        candidates.map(({ name }) => [name, deps.local.join(local.root, name)] as const),
        deps,
      ),
    ]);
    const isSame = ({ name, path }: (typeof candidates)[number]): boolean =>
      here.has(name) && here.get(name) === there.get(path);
    return new Set(candidates.filter(isSame).map(({ name }) => name));
  } finally {
    busy.stop();
  }
}

async function localChecksums(
  paths: readonly (readonly [name: string, path: string])[],
  { local, signal }: SftpDeps,
): Promise<ReadonlyMap<string, string>> {
  const sums = new Map<string, string>();
  for (const [name, path] of paths) {
    if (signal.aborted) throw new InterruptedError();
    try {
      sums.set(name, await local.checksum(path));
    } catch (error) {
      // The copy, which is tried then, says what is wrong with it.
      if (!(error instanceof BaiError)) throw error;
    }
  }
  return sums;
}
