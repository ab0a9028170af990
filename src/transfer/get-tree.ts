/** A folder of the session onto this machine; the server's names are never trusted. */

import { join } from 'node:path';
import { entryNameProblem, joinRemote } from '../core/remote-path.ts';
import { getFile } from './get-file.ts';
import { listFolder } from './list-folder.ts';
import { isWindows, openFolderWithin } from './local-folder.ts';
import type { RemoteEntry, RemoteKind } from './remote-attributes.ts';
import type { RemotePartDeps } from './remote-part.ts';
import type { SftpRequests } from './sftp-requests.ts';
import type { Tally, TreeObserver } from './tally.ts';

export interface TreeDeps extends RemotePartDeps {
  readonly tally: Tally;
  readonly observer: TreeObserver;
}

export interface FetchedFolder {
  readonly remote: string;
  /** A real path at or below the root, already there. */
  readonly local: string;
}

interface Walk {
  readonly root: string;
  /** Folders still to be listed: one listing is open at a time, however deep the tree. */
  readonly waiting: FetchedFolder[];
  readonly deps: TreeDeps;
}

/** Nothing outside of `top.local` changes, whatever the server lists. */
export async function getTree(top: FetchedFolder, deps: TreeDeps): Promise<void> {
  const walk: Walk = { root: top.local, waiting: [top], deps };
  for (let folder = walk.waiting.pop(); folder !== undefined; folder = walk.waiting.pop()) {
    await getFolder(folder, walk);
  }
}

async function getFolder(folder: FetchedFolder, walk: Walk): Promise<void> {
  const { tally } = walk.deps;
  await tally.attempt(folder.remote, async () => {
    for await (const entry of listFolder(folder.remote, walk.deps)) {
      const path = joinRemote(folder.remote, entry.name);
      const problem = entryNameProblem(entry.name, isWindows);
      const item: Item = { entry, remote: path, folder };
      if (problem === undefined) await tally.attempt(path, () => getEntry(item, walk));
      else tally.fail(path, problem, 'refused-name');
    }
  });
}

interface Item {
  readonly entry: RemoteEntry;
  readonly remote: string;
  readonly folder: FetchedFolder;
}

async function getEntry({ entry, remote, folder }: Item, { root, waiting, deps }: Walk): Promise<void> {
  switch (await kindOf(entry, remote, deps.requests)) {
    case 'folder':
      waiting.push({ remote, local: await openFolderWithin(root, folder.local, entry.name) });
      return;
    case 'link':
      deps.tally.skip(remote, 'links are not fetched', 'link');
      return;
    case 'other':
      deps.tally.skip(remote, 'it is no regular file', 'special-file');
      return;
    default:
      deps.tally.moved(await getFile({ local: join(folder.local, entry.name), remote }, deps, deps.observer));
  }
}

async function kindOf(entry: RemoteEntry, path: string, requests: SftpRequests): Promise<RemoteKind> {
  if (entry.attributes.kind !== 'unknown') return entry.attributes.kind;
  return (await requests.lstat(path)).kind;
}
