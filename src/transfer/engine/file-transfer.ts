/** What sending and fetching one file have in common. */

import { sentSecond } from '../../core/sftp/file-time.ts';
import type { TransferOptions } from '../../core/sftp/transfer-options.ts';
import { TransferError } from '../../errors.ts';
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

/** The same in what SFTP can carry: a time that does not fit is left out, never another one in its place. */
export function sentOf({ mode, accessedAt, modifiedAt }: KeptAttributes): KeptAttributes {
  const modified = modifiedAt === undefined ? undefined : sentSecond(modifiedAt);
  if (modified === undefined) return { mode };
  return { mode, modifiedAt: modified, accessedAt: sentSecond(accessedAt ?? modified) ?? modified };
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
export function channelCountOf(totalBytes: number): number {
  return Math.min(16, Math.ceil(totalBytes / requestBytes));
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
