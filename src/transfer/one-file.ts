/** What sending and fetching one file have in common. */

import { TransferError } from '../errors.ts';
import { requestBytes } from './sftp-channel.ts';

export interface FilePaths {
  readonly local: string;
  readonly remote: string;
}

/** Bytes of one file on their way; `update` takes the count from the file's start. */
export interface Meter {
  update(bytes: number): void;
  stop(): void;
}

export interface FileObserver {
  /** `path` is the source; the meter is stopped however the file ends. */
  started(path: string, totalBytes: number): Meter;
}

/** 16 requests are 4 MiB on their way: what one channel of the usual servers takes without slowing down. */
export function laneCount(totalBytes: number): number {
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
