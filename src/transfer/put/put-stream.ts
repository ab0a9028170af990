/** A stream of unknown length into the session: nothing of it is kept on this machine's disk. */

import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { type BaiError, interruptedBy, UnreachableError } from '../../errors.ts';
import { onThisMachine } from '../../files/local-error.ts';
import type { ChannelPool } from '../engine/channel-pool.ts';
import { FileQueue } from '../engine/file-queue.ts';
import type { Meter } from '../engine/file-transfer.ts';
import { reasonToSkip } from '../engine/if-exists.ts';
import { isLongLink } from '../engine/pool-growth.ts';
import { isLoss } from '../engine/pooled-channel.ts';
import { checksumError, needsVerifying, remoteChecksum } from '../local/verify.ts';
import { findRemoteTarget } from '../remote/remote-target.ts';
import { StreamPart } from '../remote/stream-part.ts';
import type { TransferRun } from '../tar/transfer-run.ts';

export interface StreamPut {
  readonly source: Readable;
  /** As in messages. */
  readonly name: string;
  /** A path of the session, never a folder. */
  readonly remote: string;
  readonly signal: AbortSignal;
}

/** What has not arrived is held, to be sent again over a new connection; a long line takes more to fill it. */
const windowBytes = { short: 5 * 1024 * 1024, long: 16 * 1024 * 1024 };

/** The target holds all of the stream, or is as it was before. */
export async function putStream(put: StreamPut, run: TransferRun): Promise<void> {
  const { name, remote } = put;
  const { pool, observer, options, stats } = run;
  const target = await pool.retrying(({ requests }) => findRemoteTarget(requests, remote));
  const skipped =
    target.old &&
    (await reasonToSkip(
      {
        source: { size: undefined, modifiedAt: Date.now() / 1000 },
        existing: { ...target.old, path: remote },
        ifExists: options.ifExists,
      },
      async () => false,
    ));
  if (skipped !== undefined) return stats.skip(name, skipped, 'exists');
  const part = new StreamPart(pool, target);
  const meter = observer.started(name, undefined);
  const { retries } = stats.summary;
  try {
    const sent = await send(put, { part, meter, run });
    await part.finish(sent.bytes);
    const isResumed = stats.summary.retries > retries;
    if (needsVerifying(options, { size: sent.bytes, isResumed })) {
      const there = await remoteChecksum(pool, { path: part.path, size: sent.bytes });
      if (there !== sent.checksum) throw checksumError(target.path);
      stats.verified();
    }
    await part.commit(sent.bytes);
    stats.moved(sent.bytes);
  } catch (error) {
    await part.discard();
    throw isLoss(error) ? unrepeatable(error as BaiError, part.path) : error;
  } finally {
    meter.stop();
  }
}

interface Sending {
  readonly part: StreamPart;
  readonly meter: Meter;
  readonly run: TransferRun;
}

interface Sent {
  readonly bytes: number;
  /** SHA-256 in hexadecimal. */
  readonly checksum: string;
}

async function send({ source, signal }: StreamPut, { part, meter, run }: Sending): Promise<Sent> {
  const { pool } = run;
  const hash = createHash('sha256');
  const window = new FileQueue({ files: Number.POSITIVE_INFINITY, bytes: windowOf(pool) });
  const stop = endOn(source, signal);
  let [bytes, arrived] = [0, 0];
  const write = async (piece: Buffer, position: number): Promise<void> => {
    pool.expect(piece.length);
    // The first one makes the part, by whose first bytes other channels know it.
    await (position === 0 ? part.begin(piece) : part.write(piece, position));
    pool.moved(piece.length);
    arrived += piece.length;
    meter.update(arrived);
  };
  try {
    for await (const piece of piecesOf(source, pool.pieceBytes)) {
      hash.update(piece);
      const position = bytes;
      bytes += piece.length;
      // What fails while the source has nothing to say ends the wait for it.
      const task = (): Promise<void> => write(piece, position).catch(stop.fail);
      await window.add(piece.length, task);
      if (position === 0) await window.settle();
    }
    if (stop.reason !== undefined) throw stop.reason;
    if (bytes === 0) await part.begin(Buffer.alloc(0));
  } catch (error) {
    throw stop.reason ?? error;
  } finally {
    stop[Symbol.dispose]();
    await window.settle();
  }
  window.throwFailure();
  return { bytes, checksum: hash.digest('hex') };
}

function windowOf({ pace, depth, pieceBytes, roundTripMs }: ChannelPool): number {
  if (pace !== undefined) return depth * pieceBytes;
  return isLongLink(roundTripMs) ? windowBytes.long : windowBytes.short;
}

/** As large as one request may be, except for the last one. */
async function* piecesOf(source: Readable, pieceBytes: number): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  let piece = Buffer.allocUnsafe(pieceBytes);
  let filled = 0;
  for (;;) {
    const next = await onThisMachine('read', 'stdin', chunks.next());
    if (next.done) break;
    const chunk: unknown = next.value;
    let read = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
    while (read.length > 0) {
      const taken = read.subarray(0, pieceBytes - filled);
      piece.set(taken, filled);
      filled += taken.length;
      read = read.subarray(taken.length);
      if (filled < pieceBytes) break;
      yield piece;
      piece = Buffer.allocUnsafe(pieceBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

interface Stop extends Disposable {
  /** Ends the source, and is the failure of everything from then on. */
  readonly fail: (error: unknown) => never;
  readonly reason: unknown;
}

function endOn(source: Readable, signal: AbortSignal): Stop {
  let reason: unknown;
  const end = (error: unknown): void => {
    reason ??= error;
    source.destroy();
  };
  const interrupt = (): void => end(interruptedBy(signal));
  if (signal.aborted) interrupt();
  else signal.addEventListener('abort', interrupt, { once: true });
  return {
    fail(error) {
      end(error);
      throw error;
    },
    get reason() {
      return reason;
    },
    [Symbol.dispose]: () => signal.removeEventListener('abort', interrupt),
  };
}

/** With the connection its part cannot be taken away either. */
function unrepeatable(cause: BaiError, part: string): UnreachableError {
  return new UnreachableError(cause.message, {
    code: cause.code,
    hint: `a stream cannot be read a second time: run the whole pipeline again; ${part} may be left in the session and is replaced then`,
    cause,
  });
}
