/**
 * One file whose name the two sides spell in two ways. Disks of macOS find `é` by either form, those of macOS and Windows
 * `Makefile` by `makefile`: what such a disk lists by one spelling and finds by the session's is one file, for sync too.
 */

import type { PathFilter } from '../../core/sftp/path-filter.ts';
import { composed, foldName } from '../../core/sftp/same-names.ts';
import type { TreeEntry, TreeListing } from '../../core/sftp/sync-plan.ts';
import type { LocalFiles } from '../../transfer/local/local-files.ts';

export interface PairedNames {
  /** What is here, as the session spells it. */
  readonly local: TreeListing;
  /** From the spelling here to that of the session, and back; what differs in nothing is returned as it is. */
  there(path: string): string;
  here(path: string): string;
}

interface Pairing {
  readonly root: string;
  readonly local: TreeListing;
  readonly remote: TreeListing;
  /** Which names may be one: a session's disk tells `a` from `A`, so only what looks the same is sent to one file. */
  readonly direction: 'put' | 'get';
}

export async function pairNames(
  { root, local, remote, direction }: Pairing,
  disk: Pick<LocalFiles, 'join' | 'exists'>,
): Promise<PairedNames> {
  const fold = direction === 'put' ? composed : foldName;
  const alike = groupBy(remote.entries, ({ path }) => fold(path));
  const far = new Set(remote.entries.map(({ path }) => path));
  const near = new Set(local.entries.map(({ path }) => path));
  const [paired, here] = [new Map<string, string>(), new Map<string, string>()];
  const there = (path: string): string => {
    const [folder, name] = splitPath(path);
    return paired.get(path) ?? (folder === '' ? name : `${there(folder)}/${name}`);
  };
  for (const { path } of local.entries) {
    const [folder] = splitPath(path);
    const plain = there(path);
    const isOther = (other: string): boolean => isBeside(other, plain) && !near.has(beside(folder, other));
    const [only, ...more] = far.has(plain)
      ? []
      : (alike.get(fold(plain)) ?? []).map((entry) => entry.path).filter(isOther);
    // Found and not listed: the disk has it under this name.
    if (only !== undefined && more.length === 0 && (await disk.exists(disk.join(root, beside(folder, only)))))
      paired.set(path, only);
    if (there(path) !== path) here.set(there(path), path);
  }
  return {
    local: { ...local, entries: local.entries.map((entry) => ({ ...entry, path: there(entry.path) })) },
    there,
    here: (path) => here.get(path) ?? path,
  };
}

/** Of what the session has, what the disk here cannot keep beside something before it: the path and why. */
export async function clashesOf(
  remote: TreeListing,
  local: TreeListing,
  {
    accepts,
    areOne,
  }: { readonly accepts: PathFilter; readonly areOne: (one: string, other: string) => Promise<boolean> },
): Promise<ReadonlyMap<string, string>> {
  const clashes = new Map<string, string>();
  const near = new Set(local.entries.map(({ path }) => path));
  const moved = remote.entries.filter(
    ({ path, kind }) =>
      (kind === 'file' || kind === 'folder' || kind === 'unknown') && accepts(path, kind === 'folder'),
  );
  const isHere = ({ path }: TreeEntry): boolean => near.has(path);
  for (const group of groupBy(moved, ({ path }) => foldName(path)).values()) {
    const kept: string[] = [];
    // What is here already stays the one that is kept.
    for (const { path } of [...group].sort((one, other) => Number(isHere(other)) - Number(isHere(one)))) {
      const isClash = async (other: string): Promise<boolean> =>
        isBeside(other, path) && (await areOne(nameOf(other), nameOf(path)));
      const earlier = await firstOf(kept, isClash);
      if (earlier === undefined) kept.push(path);
      else clashes.set(path, `the disk here does not distinguish its name from "${nameOf(earlier)}"`);
    }
  }
  return clashes;
}

async function firstOf(
  paths: readonly string[],
  test: (path: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const path of paths) if (await test(path)) return path;
  return undefined;
}

function groupBy(entries: readonly TreeEntry[], key: (entry: TreeEntry) => string): Map<string, TreeEntry[]> {
  const groups = new Map<string, TreeEntry[]>();
  for (const entry of entries) {
    const group = groups.get(key(entry));
    if (group === undefined) groups.set(key(entry), [entry]);
    else group.push(entry);
  }
  return groups;
}

function splitPath(path: string): readonly [folder: string, name: string] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}

function nameOf(path: string): string {
  return splitPath(path)[1];
}

function isBeside(one: string, other: string): boolean {
  return splitPath(one)[0] === splitPath(other)[0];
}

/** The name of a path, in the given folder. */
function beside(folder: string, path: string): string {
  return folder === '' ? nameOf(path) : `${folder}/${nameOf(path)}`;
}
