/** Which files of a sync hold the same bytes on both sides, whatever their times say. */

import { haveSameTime } from '../../core/sftp/file-time.ts';
import { joinRemote } from '../../core/sftp/remote-path.ts';
import type { TreeEntry, TreeListing } from '../../core/sftp/sync-plan.ts';
import { BaiError, reasonOf } from '../../errors.ts';
import type { RemoteFiles } from '../../transfer/remote-files.ts';
import type { SftpTools } from './sftp-tools.ts';

interface ComparedTrees {
  readonly local: { readonly root: string; readonly tree: TreeListing };
  readonly remote: { readonly root: string; readonly tree: TreeListing };
  readonly accepts: (path: string, isFolder: boolean) => boolean;
  readonly bytesPerSecond: number | undefined;
  /** Files whose times tell what is to be known are left out. */
  readonly onlyDoubtful: boolean;
}

/** Their relative paths. Only files of equal size are read; one that cannot be read is not among them. */
export async function sameFiles(
  trees: ComparedTrees,
  files: RemoteFiles,
  tools: SftpTools,
): Promise<ReadonlySet<string>> {
  const { local } = trees;
  const candidates = candidatesOf(trees);
  if (candidates.length === 0) return new Set();
  const busy = tools.reporter.busy(`comparing ${candidates.length} files`);
  try {
    const [there, here] = await Promise.all([
      files.checksums(candidates, trees),
      localChecksums(
        candidates.map(({ name }) => [name, tools.local.join(local.root, name)] as const),
        tools,
      ),
    ]);
    const isSame = ({ name, path }: Candidate): boolean =>
      here.has(name) && here.get(name) === there.get(path);
    return new Set(candidates.filter(isSame).map(({ name }) => name));
  } finally {
    busy.stop();
  }
}

interface Candidate {
  /** Relative to both folders. */
  readonly name: string;
  /** In the session. */
  readonly path: string;
  readonly size: number;
}

function candidatesOf({ local, remote, accepts, onlyDoubtful }: ComparedTrees): readonly Candidate[] {
  const here = new Map(local.tree.entries.map((entry) => [entry.path, entry]));
  const isWanted = (own: TreeEntry | undefined, { kind, size, modifiedAt }: TreeEntry): boolean =>
    own?.kind === 'file' &&
    kind === 'file' &&
    own.size === size &&
    !(onlyDoubtful && haveSameTime(own.modifiedAt, modifiedAt) !== undefined);
  return remote.tree.entries.flatMap((entry) => {
    const { path, size } = entry;
    return size !== undefined && isWanted(here.get(path), entry) && accepts(path, false)
      ? [{ name: path, path: joinRemote(remote.root, path), size }]
      : [];
  });
}

async function localChecksums(
  paths: readonly (readonly [name: string, path: string])[],
  { local, signal }: SftpTools,
): Promise<ReadonlyMap<string, string>> {
  const sums = new Map<string, string>();
  for (const [name, path] of paths) {
    if (signal.aborted) throw reasonOf(signal);
    try {
      sums.set(name, await local.checksum(path));
    } catch (error) {
      // The copy, which is tried then, says what is wrong with it.
      if (!(error instanceof BaiError)) throw error;
    }
  }
  return sums;
}
