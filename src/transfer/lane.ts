/** One SFTP channel among those that a run uses. */

import type { SFTPWrapper } from 'ssh2';
import { type BaiError, TimeoutError, UnreachableError } from '../errors.ts';
import { SftpChannel, type SftpChannelOptions } from './sftp-channel.ts';
import type { SftpConnection } from './sftp-connection.ts';
import { createCleanupRequests, createSftpRequests, type SftpRequests } from './sftp-requests.ts';

export class Lane {
  readonly connection: SftpConnection;
  readonly channel: SftpChannel;
  readonly requests: SftpRequests;
  /** Its requests are sent after Ctrl-C too. */
  readonly cleanup: SftpRequests;
  /** Jobs that use it now. */
  load = 0;
  /** It made nothing faster: no further piece is given to it. */
  isRetired = false;

  constructor(connection: SftpConnection, sftp: SFTPWrapper, options: SftpChannelOptions) {
    this.connection = connection;
    this.channel = new SftpChannel({ sftp, lost: connection.lost }, options);
    this.requests = createSftpRequests(this.channel);
    this.cleanup = createCleanupRequests(this.channel);
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
