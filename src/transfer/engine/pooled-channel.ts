/** One SFTP channel among those that a run uses. */

import type { SFTPWrapper } from 'ssh2';
import type { NewPart } from '../../core/sftp/look-ahead.ts';
import { type BaiError, TimeoutError, UnreachableError } from '../../errors.ts';
import type { Pace } from './pace.ts';
import { requestBytes, SftpChannel, type SftpChannelOptions } from './sftp-channel.ts';
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
  /** What the content of files keeps to, if there is a limit. */
  readonly pace?: (() => Pace | undefined) | undefined;
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
  readonly #pace: () => Pace | undefined;
  readonly #isFirst: boolean;

  constructor(connection: SftpConnection, sftp: SFTPWrapper, options: PooledChannelOptions) {
    this.connection = connection;
    this.#isFirst = sftp === connection.sftp;
    const { lost, givenAhead } = connection;
    this.channel = new SftpChannel({ sftp, lost, ...(givenAhead && { givenAhead }) }, options);
    this.#pace = options.pace ?? noPace;
    this.requests = paced(createSftpRequests(this.channel), this.#pace);
    this.cleanup = createCleanupRequests(this.channel, options.onLeft);
  }

  /** Whether writes wait for their turn, so that what is sent after one may overtake it. */
  get isPaced(): boolean {
    return this.#pace() !== undefined;
  }

  /** A file that this channel has been asked to make, and nobody has opened yet. */
  get partAhead(): NewPart | undefined {
    return this.#isFirst ? this.connection.partAhead?.() : undefined;
  }

  /** The most bytes in one read or write. */
  get pieceBytes(): number {
    return this.#pace()?.pieceBytes ?? requestBytes;
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

function noPace(): undefined {}

function paced(requests: SftpRequests, paceNow: () => Pace | undefined): SftpRequests {
  return {
    ...requests,
    async read(handle, into, position) {
      const pace = paceNow();
      const piece = into.subarray(0, pace?.pieceBytes);
      await pace?.take(piece.length);
      return await requests.read(handle, piece, position);
    },
    async write(handle, bytes, position) {
      const pace = paceNow();
      if (pace !== undefined) await pace.take(bytes.length);
      await requests.write(handle, bytes, position);
    },
  };
}

export function isLoss(error: unknown): boolean {
  return error instanceof UnreachableError || error instanceof TimeoutError;
}
