/** Where a source ends up, and what a transfer reports: the rules both directions share. */

import { ConflictError, UsageError } from '../../errors.ts';

export interface TransferSource {
  /** As the user wrote it, for messages. */
  readonly path: string;
  /** Nothing for `.`, `..` and `/`: their contents are meant, not the folder itself. */
  readonly name: string | undefined;
  readonly kind: 'file' | 'folder';
}

export interface TransferTarget {
  /** As the user wrote it, for messages. */
  readonly path: string;
  readonly state: 'folder' | 'file' | 'missing';
  /** The spelling asks for a folder (it is empty or ends in a slash). */
  readonly meansFolder: boolean;
}

/** `inside`: below the target, under the source's own name. `as`: the target's path becomes the source's. */
type Placement =
  | { readonly place: 'inside'; readonly name: string; readonly createFolder: boolean }
  | { readonly place: 'as' };

/** The rules of `cp -r`, except that a missing target with a slash at its end is made. Throws ConflictError. */
export function placeSource(source: TransferSource, target: TransferTarget): Placement {
  if (target.state === 'file' && (target.meansFolder || source.kind === 'folder')) {
    throw new ConflictError(`${target.path} is a file, not a folder`, { code: 'not-a-folder' });
  }
  const isFolderTarget = target.state === 'folder' || target.meansFolder;
  if (!isFolderTarget) return { place: 'as' };
  if (source.name !== undefined) {
    return { place: 'inside', name: source.name, createFolder: target.state === 'missing' };
  }
  if (source.kind === 'folder') return { place: 'as' };
  throw new UsageError(`${source.path} has no file name`, { hint: 'write the name of the target file too' });
}

/** The first name that two sources share: in one folder the second would replace the first. */
export function sharedName(names: readonly (string | undefined)[]): string | undefined {
  const seen = new Set<string>();
  for (const name of names) {
    if (name === undefined) continue;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

/** A file or folder that was not moved. `code` is that of the error, for scripts. */
export interface TransferProblem {
  readonly path: string;
  readonly reason: string;
  readonly code: string;
}

export interface TransferSummary {
  readonly files: number;
  readonly bytes: number;
  readonly failed: readonly TransferProblem[];
  /** Links, and files that were already there, left out on purpose. */
  readonly skipped: readonly TransferProblem[];
  /** Files whose checksums were compared on both sides. */
  readonly verified: number;
  /** Files that went on from where an earlier run had stopped. */
  readonly resumed: number;
  /** Files that went in a tar stream. */
  readonly byTar: number;
  /** Those that were to keep a time that SFTP cannot carry. */
  readonly undated: readonly string[];
  /** Connections that were lost and made again on the way. */
  readonly retries: number;
}

/**
 * Whether a file or folder of this name is what a transfer has begun and not ended, its journal or lock, or what a speed test
 * writes: in folders that are moved they are left out, and `sync --delete` leaves them where they are, because the transfer
 * may still run or be gone on with.
 */
export function isUnfinished(name: string): boolean {
  return /^\.[^/]+\.bai-(?:part|journal|tar|lock|new)$|^\.bai-speedtest-[0-9a-f]{12}$/.test(name);
}

export const unfinishedReason = 'it is the part of an unfinished transfer';
