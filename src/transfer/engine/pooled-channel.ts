/** One SFTP channel among those that a run uses. */

import type { SFTPWrapper } from 'ssh2';
import { type BaiError, TimeoutError, UnreachableError } from '../../errors.ts';
import { SftpChannel, type SftpChannelOptions } from './sftp-channel.ts';
import type { SftpConnection } from './sftp-connection.ts';
import {
  type CleanupRequests,
  createCleanupRequests,
  createSftpRequests,
  type SftpRequests,
} from './sftp-requests.ts';

interface PooledChannelOptions extends SftpChannelOptions {
  /** Told of what may be left in the session, because it could not be taken away. */
  readonly onLeft?: ((path: string) => void) | undefined;
}

export class PooledChannel {
  readonly connection: SftpConnection;
  readonly channel: SftpChannel;
  readonly requests: SftpRequests;
  /** Its requests are sent after Ctrl-C too. */
  readonly cleanup: CleanupRequests;
  /** Jobs that use it now. */
  load = 0;
  /** It made nothing faster: no further piece is given to it. */
  isRetired = false;

  constructor(connection: SftpConnection, sftp: SFTPWrapper, options: PooledChannelOptions) {
    this.connection = connection;
    this.channel = new SftpChannel({ sftp, lost: connection.lost }, options);
    this.requests = createSftpRequests(this.channel);
    this.cleanup = createCleanupRequests(this.channel, options.onLeft);
  }

  /** Why no answer can come any more, or nothing. */
  get lost(): BaiError | undefined {
    return this.channel.lost;
  }

  /** Whether a new connection could mend this failure. */
  isLoss(error: unknown): boolean {
    return this.lost !== undefined && isLoss(error);
  }
}

export function isLoss(error: unknown): boolean {
  return error instanceof UnreachableError || error instanceof TimeoutError;
}
