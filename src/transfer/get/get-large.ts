/** A large file onto this machine: over all channels, gone on with after a cut, a kill or Ctrl-C. */

import { basename, dirname, join } from 'node:path';
import { onThisMachine } from '../../files/local-error.ts';
import { DoneRanges } from '../engine/done-ranges.ts';
import { changedError, type KeptAttributes, type Meter } from '../engine/file-transfer.ts';
import { type Journal, openJournal } from '../engine/journal.ts';
import { JournalKeeper } from '../engine/journal-keeper.ts';
import { movePieces } from '../engine/move-pieces.ts';
import { journalName } from '../engine/part-name.ts';
import { PooledChannelHandles } from '../engine/pooled-channel-handles.ts';
import { stat } from '../local/local-disk.ts';
import { checkRealFolder } from '../local/local-folder.ts';
import { createLocalPart, type LocalPart } from '../local/local-part.ts';
import {
  checksumError,
  hasSameBytes,
  needsVerifying,
  readableLocalPart,
  remoteChecksum,
} from '../local/verify.ts';
import { type RemoteSource, readFully, reopenRemoteSource } from '../remote/remote-source.ts';
import type { TransferRun } from '../tar/transfer-run.ts';

interface LargeGet {
  readonly source: RemoteSource;
  readonly local: string;
  readonly isInRealFolder?: boolean | undefined;
  readonly kept: KeptAttributes;
  readonly meter: Meter;
}

/** What has the target's name stays as it is until the last step; a failure that may pass leaves the part. */
export async function getLarge(get: LargeGet, run: TransferRun): Promise<void> {
  const { local } = get;
  if (get.isInRealFolder) await onThisMachine('write', local, checkRealFolder(dirname(local)));
  else await onThisMachine('write', local, stat(dirname(local)));
  const path = join(dirname(local), journalName(basename(local)));
  await using journal = await openJournal(path, local);
  const handles = new PooledChannelHandles((lane) => reopenRemoteSource(lane.requests, get.source));
  try {
    if (await getOnce(get, { journal, handles, isLast: false }, run)) return;
    run.pool.expect(get.source.size);
    await getOnce(get, { journal, handles, isLast: true }, run);
  } finally {
    handles.close();
  }
}

interface Fetching {
  readonly journal: Journal;
  readonly handles: PooledChannelHandles;
  /** A copy that differs is fetched once more from its start: the earlier part may have been something else. */
  readonly isLast: boolean;
}

/** Whether the file is in place; false when its checksum was another. */
async function getOnce(get: LargeGet, fetching: Fetching, run: TransferRun): Promise<boolean> {
  const { source, local } = get;
  const { journal, handles } = fetching;
  const ranges = new DoneRanges(source.size, run.pool.pieceBytes);
  const earlier = fetching.isLast ? undefined : fittingState(source, journal);
  await using part = await createLocalPart(local, {
    earlierId: earlier?.part,
    isInRealFolder: get.isInRealFolder,
  });
  const keeper = new JournalKeeper(journal, ranges, () => ({
    source: identityOf(source),
    part: part.id,
  }));
  try {
    await part.checkRoom(source.size);
    if (part.isEarlier && earlier !== undefined) ranges.addRanges(earlier.done);
    if (ranges.doneBytes > 0 && !(await hasSamples(part, { ranges, handles }, run))) ranges.clear();
    const isResumed = ranges.doneBytes > 0;
    if (isResumed) run.stats.resumed(source.path, ranges.doneBytes);
    run.pool.expect(-ranges.doneBytes);
    const isVerified = needsVerifying(run.options, { size: source.size, isResumed });
    // The session has the whole file already: it computes while the bytes are on their way.
    const checksum = isVerified ? remoteChecksum(run.pool, source) : undefined;
    checksum?.catch(() => {});
    await fetchPieces(get, { part, ranges, keeper, handles }, run);
    await part.finish(source.size);
    if (checksum && !(await isSame(get, { part, checksum, isLast: fetching.isLast }, run))) return false;
    await part.commit(get.kept);
    await journal.remove();
    return true;
  } catch (error) {
    const keep = (): void => part.keep();
    throw await keeper.leave(error, { path: source.path, discard: async () => {}, keep });
  }
}

interface Pieces {
  readonly part: LocalPart;
  readonly ranges: DoneRanges;
  readonly keeper: JournalKeeper;
  readonly handles: PooledChannelHandles;
}

async function fetchPieces(get: LargeGet, pieces: Pieces, run: TransferRun): Promise<void> {
  const { part, ranges, keeper, handles } = pieces;
  get.meter.update(ranges.doneBytes);
  await keeper.save();
  await movePieces({
    pool: run.pool,
    ranges,
    open: (lane) => handles.of(lane),
    async move({ lane, handle, piece, bytes, isOver }) {
      await readFully(lane.requests, handle, { bytes, position: piece.position });
      if (!isOver()) await part.write(bytes, piece.position);
    },
    onDone: () => {
      get.meter.update(ranges.doneBytes);
      keeper.saveNowAndThen();
    },
  });
}

interface Checked {
  readonly part: LocalPart;
  readonly checksum: Promise<string>;
  readonly isLast: boolean;
}

async function isSame(get: LargeGet, checked: Checked, { pool, stats }: TransferRun): Promise<boolean> {
  const { source, local } = get;
  if (await hasSameBytes(pool, readableLocalPart(checked.part, local), source, checked.checksum)) {
    stats.verified();
    return true;
  }
  const { size, modifiedAt } = await pool.requests.stat(source.path);
  if (size !== source.size || modifiedAt !== source.attributes.modifiedAt) throw changedError(source.path);
  if (checked.isLast) throw checksumError(local);
  return false;
}

function fittingState(source: RemoteSource, { earlier }: Journal): Journal['earlier'] {
  const now = identityOf(source);
  const isFitting =
    earlier !== undefined && earlier.source.size === now.size && earlier.source.modifiedMs === now.modifiedMs;
  return isFitting ? earlier : undefined;
}

function identityOf({ size, attributes }: RemoteSource): { size: number; modifiedMs: number } {
  return { size, modifiedMs: (attributes.modifiedAt ?? 0) * 1000 };
}

/** Whether what is said to be done holds what the source holds, in a few places. */
async function hasSamples(
  part: LocalPart,
  { ranges, handles }: { readonly ranges: DoneRanges; readonly handles: PooledChannelHandles },
  { pool }: TransferRun,
): Promise<boolean> {
  return await pool.retrying(async (lane) => {
    const handle = await handles.of(lane);
    const compared = ranges.samples(4).map(async ({ position, length }) => {
      const there = Buffer.alloc(length);
      const here = Buffer.alloc(length);
      const [bytesRead] = await Promise.all([
        part.read(here, position),
        readFully(lane.requests, handle, { bytes: there, position }),
      ]);
      return bytesRead === length && here.equals(there);
    });
    return (await Promise.all(compared)).every((isEqual) => isEqual);
  });
}
