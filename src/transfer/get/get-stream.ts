/** A file of the session as a stream: in order, never further ahead of its reader than a window. */

import { createHash } from 'node:crypto';
import { TransferError } from '../../errors.ts';
import type { Meter } from '../engine/file-transfer.ts';
import { changedError } from '../engine/file-transfer.ts';
import type { PooledChannel } from '../engine/pooled-channel.ts';
import { PooledChannelHandles } from '../engine/pooled-channel-handles.ts';
import { type Piece, pieces } from '../engine/run-concurrently.ts';
import { folderError } from '../engine/transfer-job.ts';
import { needsVerifying, remoteChecksum } from '../local/verify.ts';
import {
  checkSource,
  openRemoteSource,
  type RemoteSource,
  readFully,
  reopenRemoteSource,
} from '../remote/remote-source.ts';
import type { TransferRun } from '../tar/transfer-run.ts';

export interface StreamGet {
  /** A path of the session. */
  readonly remote: string;
  /** Resolves when more may come; the bytes are used again afterwards. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

/** On a long line this fills it; more would only be memory. */
const mostPieces = 64;

/** What was written is the whole file when this resolves, and a beginning of it otherwise. */
export async function getStream({ remote, write }: StreamGet, run: TransferRun): Promise<void> {
  const { pool, observer, options, stats } = run;
  const source = await pool.retrying((lane) => lookAt(lane, remote));
  const meter = observer.started(remote, source.size);
  pool.expect(source.size);
  const handles = new PooledChannelHandles((lane) => reopenRemoteSource(lane.requests, source));
  try {
    const checksum = await copy(source, { handles, meter, write }, run);
    if (needsVerifying(options, { size: source.size, isResumed: false })) {
      if (checksum !== (await remoteChecksum(pool, source))) throw await mismatch(source, run);
      stats.verified();
    }
    stats.moved(source.size);
  } finally {
    handles.close();
    meter.stop();
  }
}

async function lookAt({ requests, cleanup }: PooledChannel, remote: string): Promise<RemoteSource> {
  const found = await requests.stat(remote);
  if (found.kind === 'folder') throw folderError(remote);
  checkSource(remote, found);
  const { handle, ...source } = await openRemoteSource(requests, remote);
  // Nothing depends on the answer.
  cleanup.close(handle).catch(() => {});
  return source;
}

interface Copying {
  readonly handles: PooledChannelHandles;
  readonly meter: Meter;
  readonly write: StreamGet['write'];
}

interface Fetched {
  readonly piece: Piece;
  readonly buffer: Buffer;
  readonly isThere: Promise<void>;
}

/** SHA-256 of what was written, in hexadecimal. */
async function copy(
  source: RemoteSource,
  { handles, meter, write }: Copying,
  { pool }: TransferRun,
): Promise<string> {
  const hash = createHash('sha256');
  const spare: Buffer[] = [];
  const ahead: Fetched[] = [];
  const { pieceBytes } = pool;
  const todo = pieces(source.size, pieceBytes);
  const fetchMore = (): void => {
    const least = pool.pace === undefined ? 16 : 1;
    const most = Math.min(mostPieces, Math.max(least, pool.depth * pool.lanes.length));
    while (ahead.length < most) {
      const { done, value: piece } = todo.next();
      if (done) return;
      const buffer = spare.pop() ?? Buffer.allocUnsafe(Math.min(pieceBytes, source.size));
      const bytes = buffer.subarray(0, piece.length);
      const isThere = pool.retrying(async (lane) => {
        const handle = await handles.of(lane);
        await readFully(lane.requests, handle, { bytes, position: piece.position });
        pool.moved(piece.length);
      });
      isThere.catch(() => {});
      ahead.push({ piece, buffer, isThere });
    }
  };
  fetchMore();
  for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) {
    const { piece, buffer, isThere } = next;
    await isThere;
    const bytes = buffer.subarray(0, piece.length);
    hash.update(bytes);
    await write(bytes);
    meter.update(piece.position + piece.length);
    spare.push(buffer);
    fetchMore();
  }
  return hash.digest('hex');
}

/** What is written cannot be taken back, so this says that it is not to be used. */
async function mismatch(source: RemoteSource, { requests }: TransferRun): Promise<TransferError> {
  const { size, modifiedAt } = await requests.stat(source.path);
  if (size !== source.size || modifiedAt !== source.attributes.modifiedAt) return changedError(source.path);
  return new TransferError(`what was written is not ${source.path}: it has another checksum`, {
    code: 'checksum-differs',
    hint: 'discard the output of the pipeline and run it again',
  });
}
