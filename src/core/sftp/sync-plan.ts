/** What has to happen so that one folder holds what another one holds. Nothing is looked at or changed here. */

import { haveSameTime } from './file-time.ts';
import type { PathFilter } from './path-filter.ts';
import { foldName } from './same-names.ts';
import { isUnfinished, type TransferProblem, unfinishedReason } from './transfer-plan.ts';

export interface TreeEntry {
  /** Relative to the folder, with `/` between names. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other' | 'unknown';
  /** Bytes; nothing when the side does not say. */
  readonly size: number | undefined;
  /** Seconds since 1970. */
  readonly modifiedAt: number | undefined;
}

/** One side, as it was listed. */
export interface TreeListing {
  /** Every folder stands before what is in it. */
  readonly entries: readonly TreeEntry[];
  /** What could not be listed, or has a name that is not to be used; their paths may hold anything. */
  readonly problems: readonly TransferProblem[];
}

export interface SyncRules {
  readonly accepts: PathFilter;
  /** Remove what the source does not have. */
  readonly delete: boolean;
  /** Whether all files were compared by their bytes: then times say nothing. */
  readonly isBytewise?: boolean;
  /** Files that were, and hold the same: besides, those whose times say nothing. */
  readonly same?: ReadonlySet<string>;
  /** What the target's disk cannot keep beside something else that is copied, and why. */
  readonly clashes?: ReadonlyMap<string, string>;
}

export interface SyncPlan {
  /** Folders that the target lacks, each before what is in it. */
  readonly folders: readonly string[];
  readonly copies: readonly SyncCopy[];
  readonly unchanged: number;
  /** In the order of removal: what is in a folder stands before it. */
  readonly removals: readonly SyncRemoval[];
  readonly failed: readonly TransferProblem[];
  readonly skipped: readonly TransferProblem[];
  /** Why nothing is removed although the rules say so. */
  readonly keeps: string | undefined;
  /** What of the target is in the way of that: it can be neither compared nor removed. */
  readonly unknown: readonly TransferProblem[];
}

interface SyncCopy {
  readonly path: string;
  readonly bytes: number;
  readonly reason: 'new' | 'size' | 'time' | 'checksum';
}

export interface SyncRemoval {
  readonly path: string;
  readonly isFolder: boolean;
}

export function planSync(source: TreeListing, target: TreeListing, rules: SyncRules): SyncPlan {
  const there = new Map(target.entries.map((entry) => [entry.path, entry]));
  const plan: Draft = { folders: [], copies: [], failed: [...source.problems], skipped: [], unchanged: 0 };
  const blocked: string[] = [];
  for (const entry of source.entries) {
    if (!takesPart(entry, rules.accepts)) continue;
    if (isUnfinishedPath(entry.path)) {
      plan.skipped.push({ path: entry.path, reason: unfinishedReason, code: 'unfinished' });
      continue;
    }
    if (blocked.some((path) => entry.path.startsWith(`${path}/`))) continue;
    const clash = rules.clashes?.get(entry.path);
    if (clash !== undefined) {
      plan.failed.push({ path: entry.path, reason: clash, code: 'refused-name' });
      blocked.push(entry.path);
    } else if (!planEntry(entry, there.get(entry.path), { plan, rules })) blocked.push(entry.path);
  }
  const keeps = rules.delete ? reasonToKeep(source, target, plan) : undefined;
  const removals = rules.delete && keeps === undefined ? planRemovals(source, target, rules) : [];
  return { ...plan, removals, keeps, unknown: rules.delete ? target.problems : [] };
}

interface Draft {
  readonly folders: string[];
  readonly copies: SyncCopy[];
  readonly failed: TransferProblem[];
  readonly skipped: TransferProblem[];
  unchanged: number;
}

/** False when nothing below the entry can be done either. */
function planEntry(
  entry: TreeEntry,
  old: TreeEntry | undefined,
  { plan, rules }: { readonly plan: Draft; readonly rules: SyncRules },
): boolean {
  const { path, kind } = entry;
  if (kind === 'link') plan.skipped.push({ path, reason: 'it is a link', code: 'link' });
  else if (kind === 'other')
    plan.failed.push({ path, reason: 'it is not a regular file', code: 'special-file' });
  else if (old !== undefined && !canReplace(kind, old.kind)) {
    plan.failed.push({ path, ...conflictOf(kind, old.kind) });
    return false;
  } else if (kind === 'folder') {
    if (old === undefined) plan.folders.push(path);
  } else {
    const reason = differenceOf(entry, old, rules);
    if (reason === undefined) plan.unchanged += 1;
    else plan.copies.push({ path, bytes: entry.size ?? 0, reason });
  }
  return true;
}

function canReplace(kind: TreeEntry['kind'], old: TreeEntry['kind']): boolean {
  return (kind === 'folder') === (old === 'folder') && old !== 'link' && old !== 'other';
}

/** A link in the target may lead anywhere, so nothing is written through it. */
function conflictOf(kind: TreeEntry['kind'], old: TreeEntry['kind']): { reason: string; code: string } {
  if (old === 'link') return { reason: 'the target has a link there', code: 'leads-outside' };
  if (kind === 'folder') return { reason: 'the target has a file there', code: 'not-a-folder' };
  if (old === 'folder') return { reason: 'the target has a folder there', code: 'is-folder' };
  return { reason: 'the target has something other than a regular file there', code: 'not-a-file' };
}

function differenceOf(
  entry: TreeEntry,
  old: TreeEntry | undefined,
  { isBytewise = false, same }: SyncRules,
): SyncCopy['reason'] | undefined {
  if (old === undefined) return 'new';
  if (entry.size === undefined || entry.size !== old.size) return 'size';
  if (same?.has(entry.path)) return undefined;
  const isSameTime = isBytewise ? undefined : haveSameTime(entry.modifiedAt, old.modifiedAt);
  if (isSameTime === undefined) return 'checksum';
  return isSameTime ? undefined : 'time';
}

function reasonToKeep(source: TreeListing, target: TreeListing, plan: Draft): string | undefined {
  if (source.problems.length > 0) return 'not all of the source could be listed';
  if (target.problems.length > 0) return 'not all of the target could be listed';
  return plan.failed.length > 0 ? 'not all of the source can be copied' : undefined;
}

/**
 * A folder goes only if all that is in it goes. What is left out by the rules stays, and so does what differs from a
 * source's name in case or Unicode form only: on some file systems the two are one file.
 */
function planRemovals(source: TreeListing, target: TreeListing, { accepts }: SyncRules): SyncRemoval[] {
  const wanted = new Set(source.entries.map(({ path }) => foldName(path)));
  const removals: SyncRemoval[] = [];
  const keptFolders = new Set<string>();
  // From the end: then what is in a folder comes before it.
  for (const entry of [...target.entries].reverse()) {
    const { path, kind } = entry;
    const isOurs = takesPart(entry, accepts) && !isUnfinishedPath(path);
    const goes = isOurs && !wanted.has(foldName(path)) && !keptFolders.has(path);
    if (goes) removals.push({ path, isFolder: kind === 'folder' });
    else for (const above of foldersAbove(path)) keptFolders.add(above);
  }
  return removals;
}

/** An excluded folder hides what is in it, whatever the rules say of that. */
function takesPart(entry: TreeEntry, accepts: PathFilter): boolean {
  return (
    accepts(entry.path, entry.kind === 'folder') &&
    foldersAbove(entry.path).every((path) => accepts(path, true))
  );
}

function isUnfinishedPath(path: string): boolean {
  return isUnfinished(path.slice(path.lastIndexOf('/') + 1));
}

function foldersAbove(path: string): string[] {
  const names = path.split('/');
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'));
}
