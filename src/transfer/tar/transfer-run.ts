/** What every file of one put or get shares. */

import type { DryRun } from '../../core/sftp/dry-run.ts';
import type { TransferOptions } from '../../core/sftp/transfer-options.ts';
import type { ChannelPool } from '../engine/channel-pool.ts';
import type { FileQueue } from '../engine/file-queue.ts';
import type { SftpRequests } from '../engine/sftp-requests.ts';
import type { TransferStats, TreeObserver } from '../engine/transfer-stats.ts';
import type { TarUse } from './tar-use.ts';

export interface TransferRun {
  readonly pool: ChannelPool;
  /** For requests by path: repeated when the connection is lost. */
  readonly requests: SftpRequests;
  readonly stats: TransferStats;
  readonly observer: TreeObserver;
  readonly options: TransferOptions;
  readonly queue: FileQueue;
  readonly tar: TarUse;
  readonly resume: ResumePlace | undefined;
  /** Where it stands what would be done, when nothing is to be. */
  readonly plan: DryRun | undefined;
}

/** Where this machine remembers how far files came that it sends. */
export interface ResumePlace {
  readonly folder: string;
  /** Tells one session from another for as long as either exists. */
  readonly peer: string;
}
