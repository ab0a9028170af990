/** What the user asked to move, in either direction. */

import type { DryRun } from '../../core/sftp/dry-run.ts';
import type { TransferOptions } from '../../core/sftp/transfer-options.ts';
import { TransferError } from '../../errors.ts';
import type { TransferStats } from './transfer-stats.ts';

export interface TransferJob {
  readonly sources: readonly string[];
  /** As written: empty or with a slash at its end it is a folder. */
  readonly target: string;
  readonly recursive: boolean;
  /** `defaultTransferOptions` when left out. */
  readonly options?: TransferOptions;
  /** Notes what would be done, and nothing is. */
  readonly plan?: DryRun;
}

/** The failure of an only source is the failure of the whole; among several it is noted and the rest goes on. */
export async function eachSource(
  job: TransferJob,
  stats: TransferStats,
  move: (source: string) => Promise<void>,
): Promise<void> {
  const [only, ...others] = job.sources;
  if (only !== undefined && others.length === 0) return move(only);
  for (const source of job.sources) await stats.attempt(source, () => move(source));
}

export function folderError(path: string): TransferError {
  return new TransferError(`${path} is a folder`, {
    code: 'is-folder',
    hint: 'add -r to move whole folders',
  });
}
