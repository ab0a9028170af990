/** What sending and fetching one file have in common. */

import type { TransferOptions } from '../core/transfer-options.ts';
import { ConflictError, TransferError } from '../errors.ts';
import { requestBytes } from './sftp-channel.ts';

export interface FilePaths {
  readonly local: string;
  readonly remote: string;
  /** The local file lies in a folder whose path was real; one that has become a link since is not written through. */
  readonly isInRealFolder?: boolean;
}

/** Bytes of one file on their way; `update` takes the count from the file's start. */
export interface Meter {
  update(bytes: number): void;
  stop(): void;
}

export interface FileObserver {
  /** `path` is the source; of a stream nobody knows the total. The meter is stopped however the file ends. */
  started(path: string, totalBytes: number | undefined): Meter;
}

/** What a file keeps of its source; nothing of it unless `preserve` was asked for. */
export interface KeptAttributes {
  /** Permission bits without setuid, setgid and sticky. */
  readonly mode?: number | undefined;
  /** Seconds since 1970. */
  readonly accessedAt?: number | undefined;
  readonly modifiedAt?: number | undefined;
}

export function keptOf(source: KeptAttributes, { preserve }: TransferOptions): KeptAttributes {
  if (!preserve) return {};
  const { mode, accessedAt, modifiedAt } = source;
  return { mode: mode === undefined ? undefined : mode & 0o777, accessedAt, modifiedAt };
}

/**
 * From here on a file has a journal and goes over several channels. Below, sending it again costs less than
 * remembering how far it came.
 */
export const largeFromBytes = 16 * requestBytes;

/**
 * Smaller files are not forced onto the disk one by one: with thousands of them that is most of the time, and
 * a machine that loses power in the seconds after it loses as much of what any other program wrote.
 */
export const syncFromBytes = 2 * largeFromBytes;

/** Requests that a small file has in flight: more than there are pieces help nobody. */
export function laneCount(totalBytes: number): number {
  return Math.min(16, Math.ceil(totalBytes / requestBytes));
}

/** What is known of a file that is already there. */
export interface ExistingFile {
  readonly size: number | undefined;
  /** Seconds since 1970. */
  readonly modifiedAt: number | undefined;
}

/** Why a file is left as it is, or nothing when it is to be replaced. Throws ConflictError for `fail`. */
export function reasonToSkip(
  source: ExistingFile,
  existing: ExistingFile & { readonly path: string },
  ifExists: TransferOptions['ifExists'],
): string | undefined {
  const sourceSecond = Math.floor(source.modifiedAt ?? 0);
  const existingSecond = Math.floor(existing.modifiedAt ?? 0);
  switch (ifExists) {
    case 'overwrite':
      return undefined;
    case 'skip':
      return 'it is already there';
    case 'newer':
      return sourceSecond > existingSecond ? undefined : 'what is there is not older';
    case 'different':
      return source.size !== existing.size || sourceSecond !== existingSecond
        ? undefined
        : 'what is there has the same size and time';
    case 'fail':
      throw new ConflictError(`${existing.path} is already there`, { code: 'exists' });
  }
}

/** Files such as those of /proc have content and no size, so nothing could tell a whole copy from a cut one. */
export function sizelessError(path: string): TransferError {
  return new TransferError(`${path} has content but reports a size of 0`, {
    code: 'no-size',
    hint: 'copy its content into an ordinary file first',
  });
}

export function shrankError(path: string): TransferError {
  return new TransferError(`${path} ended before its announced size was read`, {
    code: 'source-changed',
    hint: 'run the same command again when nothing writes to it',
  });
}

export function changedError(path: string): TransferError {
  return new TransferError(`${path} changed during the transfer`, {
    code: 'source-changed',
    hint: 'run the same command again when nothing writes to it',
  });
}
