/** A folder of the session onto this machine; the server's names are never trusted. */

import { join } from 'node:path';
import { entryNameProblem, joinRemote } from '../../core/sftp/remote-path.ts';
import { isUnfinished, unfinishedReason } from '../../core/sftp/transfer-plan.ts';
import type { RemoteEntry, RemoteKind } from '../engine/remote-attributes.ts';
import type { SftpRequests } from '../engine/sftp-requests.ts';
import { eachFolder } from '../local/each-folder.ts';
import { isWindows, openFolderWithin } from '../local/local-folder.ts';
import { type Folding, NameFolding } from '../local/name-folding.ts';
import { listFolder } from '../remote/list-folder.ts';
import { TarBatches } from '../tar/tar-batches.ts';
import type { TransferRun } from '../tar/transfer-run.ts';
import { CaseCollisions } from './case-collisions.ts';
import { type FetchedFile, getByTar } from './get-by-tar.ts';
import { getFile } from './get-file.ts';

interface FetchedFolder {
  readonly remote: string;
  /** A real path at or below the root, already there. */
  readonly local: string;
}

interface WaitingFolder extends FetchedFolder {
  /** Below the top, with a slash at its end; empty for the top itself. */
  readonly relative: string;
}

interface Walk {
  readonly root: string;
  readonly add: (folder: WaitingFolder) => void;
  readonly batches: TarBatches<FetchedFile>;
  readonly folding: Folding;
  readonly run: TransferRun;
}

/** Nothing outside of `top.local` changes, whatever the server lists. Files may still be on their way after it. */
export async function getTree(top: FetchedFolder, run: TransferRun): Promise<void> {
  const batches = new TarBatches<FetchedFile>(run, {
    move: (files) => getByTar(files, top.remote, run),
    moveOne: (file) => run.stats.attempt(file.remote, () => run.pool.fewer.run(() => getFile(file, run))),
  });
  const first: WaitingFolder = { ...top, relative: '' };
  const folding = new NameFolding(top.local, { mayWrite: run.plan === undefined });
  await eachFolder(first, (folder, add) =>
    getFolder(folder, { root: top.local, add, batches, folding, run }),
  );
  await batches.flush();
}

async function getFolder(folder: WaitingFolder, walk: Walk): Promise<void> {
  const { stats, pool } = walk.run;
  const names = new CaseCollisions(walk.folding);
  await stats.attempt(folder.remote, async () => {
    for await (const entry of listFolder(folder.remote, pool)) {
      const path = joinRemote(folder.remote, entry.name);
      const problem = entryNameProblem(entry.name, isWindows);
      const item: Item = { entry, remote: path, folder, names };
      if (problem === undefined) await stats.attempt(path, () => getEntry(item, walk));
      else stats.fail(path, problem, 'refused-name');
    }
  });
}

interface Item {
  readonly entry: RemoteEntry;
  readonly remote: string;
  readonly folder: WaitingFolder;
  /** Of this folder that take part, so far. */
  readonly names: CaseCollisions;
}

async function getEntry(item: Item, { root, add, batches, run }: Walk): Promise<void> {
  const { entry, remote, folder, names } = item;
  const { stats, options } = run;
  const kind = await kindOf(entry, remote, run.requests);
  const relative = folder.relative + entry.name;
  if (!options.accepts(relative, kind === 'folder')) return;
  if (isUnfinished(entry.name)) return stats.skip(remote, unfinishedReason, 'unfinished');
  const problem = await names.problem(entry.name);
  if (problem !== undefined) return stats.fail(remote, problem, 'refused-name');
  if (kind === 'link') return stats.skip(remote, 'links are not fetched', 'link');
  if (kind === 'other') return stats.fail(remote, 'it is not a regular file', 'special-file');
  if (kind === 'folder') {
    const local = await openFolderWithin(root, { parent: folder.local, name: entry.name }, run.plan);
    return add({ remote, local, relative: `${relative}/` });
  }
  const { attributes, name } = entry;
  const size = attributes.size ?? 0;
  const local = join(folder.local, name);
  const file = { local, remote, isInRealFolder: true, relative, attributes, size };
  // What reports no size may still have content, as the files of /proc: only reading tells.
  if (size > 0) await batches.add(file);
  else await batches.addAlone(file);
}

async function kindOf(entry: RemoteEntry, path: string, requests: SftpRequests): Promise<RemoteKind> {
  if (entry.attributes.kind !== 'unknown') return entry.attributes.kind;
  return (await requests.lstat(path)).kind;
}
