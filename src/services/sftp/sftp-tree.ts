/** All that is in a folder, on either side, as sync compares it. Folders left out are named and not looked into. */

import type { PathFilter } from '../../core/sftp/path-filter.ts';
import { entryNameProblem, joinRemote, remoteNameProblem } from '../../core/sftp/remote-path.ts';
import type { TreeEntry, TreeListing } from '../../core/sftp/sync-plan.ts';
import { isUnfinished, type TransferProblem } from '../../core/sftp/transfer-plan.ts';
import { beginning, sanitizeLine } from '../../core/text/sanitize.ts';
import { BaiError, InterruptedError, ProtocolError, UnreachableError } from '../../errors.ts';
import type { LocalFiles } from '../../transfer/local/local-files.ts';
import type { RemoteFiles } from '../../transfer/remote-files.ts';

const mostNames = 1_000_000;
const longestPath = 4_096;
/** Of all paths together, for they are remembered. */
const mostPathBytes = 48 * 1024 * 1024;

interface Found extends Omit<TreeEntry, 'path'> {
  readonly name: string;
  /** Why it must not be used. */
  readonly problem?: string | undefined;
  /** Tells a folder from those above it, where links are followed. */
  readonly id?: string;
}

/** Of a folder (`''` is the top), in any order. */
type ListFolder = (folder: string) => AsyncIterable<Found>;

/** `use`: where its names become names of files; `there` only those of the session's own files are meant. */
export function listRemoteTree(
  root: string,
  files: RemoteFiles,
  { accepts, use }: { readonly accepts: PathFilter; readonly use: 'here' | 'on Windows' | 'there' },
): Promise<TreeListing> {
  const problemOf = async (name: string, path: string): Promise<string | undefined> =>
    use === 'there'
      ? (remoteNameProblem(name) ?? (await unreadableProblem(name, path, files)))
      : entryNameProblem(name, use === 'on Windows');
  return listTree(async function* list(folder) {
    const top = folder === '' ? root : joinRemote(root, folder);
    for await (const { name, attributes } of files.list(top)) {
      const { kind, size, modifiedAt } = attributes;
      yield { name, kind, size, modifiedAt, problem: await problemOf(name, joinRemote(top, name)) };
    }
  }, accepts);
}

/** The mark in a name is its own, or stands where bytes were not UTF-8: then nothing is found by the name. */
async function unreadableProblem(
  name: string,
  path: string,
  files: RemoteFiles,
): Promise<string | undefined> {
  if (!name.includes('\ufffd')) return undefined;
  try {
    await files.lstat(path);
    return undefined;
  } catch (error) {
    // With the marks in it a name may also be longer than the server takes.
    if (!(error instanceof BaiError) || isEnd(error)) throw error;
    return 'the name is not valid UTF-8';
  }
}

/** Whether nothing further can be asked. */
function isEnd(error: BaiError): boolean {
  return error instanceof UnreachableError || error instanceof InterruptedError;
}

/** `follow`: links are what they lead to, as put takes them. */
export function listLocalTree(
  root: string,
  local: LocalFiles,
  { accepts, follow }: { readonly accepts: PathFilter; readonly follow: boolean },
): Promise<TreeListing> {
  return listTree((folder) => local.list(folder === '' ? root : local.join(root, folder), follow), accepts);
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

async function listTree(list: ListFolder, accepts: PathFilter): Promise<TreeListing> {
  const listing: Listing = {
    entries: [],
    problems: [],
    waiting: [{ path: '', ids: [] }],
    seen: new Set(),
    pathBytes: 0,
  };
  for (let folder = listing.waiting.pop(); folder !== undefined; folder = listing.waiting.pop()) {
    try {
      for await (const found of list(folder.path)) note(found, folder, { accepts, listing });
    } catch (error) {
      if (!(error instanceof BaiError) || isEnd(error)) throw error;
      // Without its top there is nothing to compare.
      if (folder.path === '' || error instanceof EndlessError) throw error;
      listing.problems.push({ path: folder.path, reason: sanitizeLine(error.message), code: error.code });
    }
  }
  return listing;
}

class EndlessError extends ProtocolError {}

interface Noting {
  readonly accepts: PathFilter;
  readonly listing: Listing;
}

function note(found: Found, folder: Waiting, { accepts, listing }: Noting): void {
  const { name, kind, size, modifiedAt, id } = found;
  const path = folder.path === '' ? name : `${folder.path}/${name}`;
  const { seen, entries, problems, waiting } = listing;
  if (seen.size + problems.length >= mostNames)
    throw new EndlessError(`there are more than ${mostNames} names`);
  listing.pathBytes += Math.min(Buffer.byteLength(path), longestPath);
  if (listing.pathBytes > mostPathBytes) throw new EndlessError('the names are too many and too long');
  const reason =
    found.problem ??
    (path.length > longestPath ? 'the path is too long' : undefined) ??
    (seen.has(path) ? 'the name is listed twice' : undefined);
  if (reason !== undefined) {
    const isLeftOut = !accepts(path, false) && !accepts(path, true);
    // Its folder stays then, as with any other that the rules leave out.
    if (isLeftOut) entries.push({ path, kind: 'other', size: undefined, modifiedAt: undefined });
    else problems.push({ path: beginning(path, longestPath), reason, code: 'refused-name' });
    return;
  }
  seen.add(path);
  if (kind === 'folder' && id !== undefined && folder.ids.includes(id)) {
    problems.push({ path, reason: 'it leads back to a folder above it', code: 'loop' });
    return;
  }
  entries.push({ path, kind, size, modifiedAt });
  // What an unfinished transfer has begun is left out on both sides, and with it what is wrong in it.
  if (kind === 'folder' && accepts(path, true) && !isUnfinished(name))
    waiting.push({ path, ids: id === undefined ? [] : [...folder.ids, id] });
}
