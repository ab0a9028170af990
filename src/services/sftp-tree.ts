/** All that is in a folder, on either side, as sync compares it. Folders left out are named and not looked into. */

import type { PathFilter } from '../core/path-filter.ts';
import { entryNameProblem, joinRemote } from '../core/remote-path.ts';
import { beginning, sanitizeLine } from '../core/sanitize.ts';
import type { TreeEntry, TreeListing } from '../core/sync-plan.ts';
import type { TransferProblem } from '../core/transfer-plan.ts';
import { BaiError, InterruptedError, ProtocolError, UnreachableError } from '../errors.ts';
import type { LocalFiles } from '../transfer/local-files.ts';
import type { RemoteFiles } from '../transfer/remote-files.ts';

const mostNames = 1_000_000;
const longestPath = 4_096;
/** Of all paths together, for they are remembered. */
const mostPathBytes = 48 * 1024 * 1024;

interface Found extends Omit<TreeEntry, 'path'> {
  readonly name: string;
  /** Tells a folder from those above it, where links are followed. */
  readonly id?: string;
}

interface Side {
  list(folder: string): AsyncIterable<Found>;
  nameProblem(name: string): string | undefined;
}

export function listRemoteTree(
  root: string,
  files: RemoteFiles,
  { accepts, windows }: { readonly accepts: PathFilter; readonly windows: boolean },
): Promise<TreeListing> {
  const side: Side = {
    async *list(folder) {
      for await (const { name, attributes } of files.list(folder === '' ? root : joinRemote(root, folder))) {
        const { kind, size, modifiedAt } = attributes;
        yield { name, kind, size, modifiedAt };
      }
    },
    nameProblem: (name) => entryNameProblem(name, windows),
  };
  return listTree(side, accepts);
}

/** `follow`: links are what they lead to, as put takes them. */
export function listLocalTree(
  root: string,
  local: LocalFiles,
  { accepts, follow }: { readonly accepts: PathFilter; readonly follow: boolean },
): Promise<TreeListing> {
  const side: Side = {
    list: (folder) => local.list(folder === '' ? root : local.join(root, folder), follow),
    nameProblem: () => undefined,
  };
  return listTree(side, accepts);
}

interface Waiting {
  readonly path: string;
  readonly ids: readonly string[];
}

interface Listing extends TreeListing {
  readonly entries: TreeEntry[];
  readonly problems: TransferProblem[];
  readonly waiting: Waiting[];
  readonly seen: Set<string>;
  pathBytes: number;
}

async function listTree(side: Side, accepts: PathFilter): Promise<TreeListing> {
  const listing: Listing = {
    entries: [],
    problems: [],
    waiting: [{ path: '', ids: [] }],
    seen: new Set(),
    pathBytes: 0,
  };
  for (let folder = listing.waiting.pop(); folder !== undefined; folder = listing.waiting.pop()) {
    try {
      for await (const found of side.list(folder.path)) note(found, folder, { side, accepts, listing });
    } catch (error) {
      const isFatal =
        !(error instanceof BaiError) ||
        error instanceof UnreachableError ||
        error instanceof InterruptedError;
      // Without its top there is nothing to compare.
      if (isFatal || folder.path === '' || error instanceof EndlessError) throw error;
      listing.problems.push({ path: folder.path, reason: sanitizeLine(error.message), code: error.code });
    }
  }
  return listing;
}

class EndlessError extends ProtocolError {}

interface Noting {
  readonly side: Side;
  readonly accepts: PathFilter;
  readonly listing: Listing;
}

function note(found: Found, folder: Waiting, { side, accepts, listing }: Noting): void {
  const { name, kind, size, modifiedAt, id } = found;
  const path = folder.path === '' ? name : `${folder.path}/${name}`;
  const { seen, entries, problems, waiting } = listing;
  if (seen.size + problems.length >= mostNames)
    throw new EndlessError(`there are more than ${mostNames} names`);
  listing.pathBytes += Math.min(Buffer.byteLength(path), longestPath);
  if (listing.pathBytes > mostPathBytes) throw new EndlessError('the names are too many and too long');
  const reason =
    side.nameProblem(name) ??
    (path.length > longestPath ? 'the path is too long' : undefined) ??
    (seen.has(path) ? 'the name is listed twice' : undefined);
  if (reason !== undefined) {
    problems.push({ path: beginning(path, longestPath), reason, code: 'refused-name' });
    return;
  }
  seen.add(path);
  if (kind === 'folder' && id !== undefined && folder.ids.includes(id)) {
    problems.push({ path, reason: 'it leads back to a folder above it', code: 'loop' });
    return;
  }
  entries.push({ path, kind, size, modifiedAt });
  if (kind === 'folder' && accepts(path, true))
    waiting.push({ path, ids: id === undefined ? [] : [...folder.ids, id] });
}
