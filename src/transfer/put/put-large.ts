/** A large file into the session: over all channels, gone on with after a cut, a kill or Ctrl-C. */

import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { joinRemote, remoteFolder, remoteName } from '../../core/sftp/remote-path.ts';
import { makeOwnFolder } from '../../files/own-file.ts';
import { DoneRanges } from '../engine/done-ranges.ts';
import { changedError, type KeptAttributes, type Meter } from '../engine/file-transfer.ts';
import { type Journal, openJournal } from '../engine/journal.ts';
import { JournalKeeper } from '../engine/journal-keeper.ts';
import { movePieces } from '../engine/move-pieces.ts';
import { isLongLink } from '../engine/pool-growth.ts';
import type { LocalSource } from '../local/local-source.ts';
import { checksumError, hasSameBytes, needsVerifying } from '../local/verify.ts';
import { LargeRemotePart } from '../remote/large-remote-part.ts';
import type { RemoteTarget } from '../remote/remote-target.ts';
import { startChecksum } from '../remote/waiting-checksum.ts';
import type { TransferRun } from '../tar/transfer-run.ts';

interface LargePut {
  readonly source: LocalSource;
  readonly target: RemoteTarget;
  readonly kept: KeptAttributes;
  readonly meter: Meter;
  /** Where is remembered how far it came. */
  readonly journalPath: string | undefined;
}

/** What has the target's name stays as it is until the last step; a failure that may pass leaves the part. */
export async function putLarge(put: LargePut, run: TransferRun): Promise<void> {
  const { source, target } = put;
  if (put.journalPath !== undefined) await makeOwnFolder(dirname(put.journalPath));
  await using journal = await openJournal(put.journalPath, target.path);
  const ranges = new DoneRanges(source.size, run.pool.pieceBytes);
  const part = new LargeRemotePart(run.pool, target, source.size);
  const keeper = new JournalKeeper(journal, ranges, () => ({
    source: { size: source.size, modifiedMs: source.modifiedMs },
    part: part.mark,
  }));
  try {
    const isResumed = await goOn(put, { part, ranges, journal });
    if (isResumed) run.stats.resumed(source.path, ranges.doneBytes);
    else await part.create();
    run.pool.expect(-ranges.doneBytes);
    await sendAndCheck(put, { part, ranges, keeper, isResumed }, run);
    await part.commit();
    await journal.remove();
  } catch (error) {
    throw await keeper.leave(error, { path: source.path, discard: () => part.discard() });
  } finally {
    part.close();
  }
}

interface Sending {
  readonly part: LargeRemotePart;
  readonly ranges: DoneRanges;
  readonly keeper: JournalKeeper;
  readonly isResumed: boolean;
}

/** A copy that differs is sent once more from its start: what was gone on with may have been something else. */
async function sendAndCheck(put: LargePut, sending: Sending, run: TransferRun): Promise<void> {
  const { source, kept, target } = put;
  const { part, ranges, isResumed } = sending;
  const isVerified = needsVerifying(run.options, { size: source.size, isResumed });
  const there = { path: part.path, size: source.size };
  using checksum =
    isVerified && isLongLink(run.pool.roundTripMs) ? startChecksum(run.pool, there) : undefined;
  for (let attempt = 1; ; attempt += 1) {
    await send(put, sending, run);
    await part.finish();
    if (!isVerified) {
      await part.seal(kept);
      if (isResumed && !(await source.isUnchanged())) throw changedError(source.path);
      return;
    }
    const computed = attempt === 1 ? checksum?.compute() : undefined;
    const [isSame] = await Promise.all([hasSameBytes(run.pool, source, there, computed), part.seal(kept)]);
    if (isSame) {
      run.stats.verified();
      return;
    }
    if (attempt === 2)
      throw (await source.isUnchanged()) ? checksumError(target.path) : changedError(source.path);
    ranges.clear();
    run.pool.expect(source.size);
    await part.discard();
    await part.create();
  }
}

async function send({ source, meter }: LargePut, { part, ranges, keeper }: Sending, run: TransferRun) {
  meter.update(ranges.doneBytes);
  await keeper.save();
  await movePieces({
    pool: run.pool,
    ranges,
    open: (lane) => part.handleOf(lane),
    async move({ lane, handle, piece, bytes, isOver }) {
      await source.fill(bytes, piece.position);
      if (!isOver()) await part.write(lane, { handle, bytes, position: piece.position });
    },
    onDone: () => {
      meter.update(ranges.doneBytes);
      keeper.saveNowAndThen();
    },
  });
}

interface Earlier {
  readonly part: LargeRemotePart;
  readonly ranges: DoneRanges;
  readonly journal: Journal;
}

/** Whether source, journal and part belong together; nothing of them is trusted that was not looked at. */
async function goOn({ source }: LargePut, { part, ranges, journal }: Earlier): Promise<boolean> {
  const { earlier } = journal;
  if (earlier === undefined) return false;
  if (earlier.source.size !== source.size || earlier.source.modifiedMs !== source.modifiedMs) return false;
  ranges.addRanges(earlier.done);
  if (ranges.doneBytes > 0 && (await part.adopt(earlier.part, { source, ranges }))) return true;
  ranges.clear();
  return false;
}

/** Links in the folder's path lead to one journal, however the target is spelt. */
export async function findJournalPath(
  target: string,
  { resume, requests }: TransferRun,
): Promise<string | undefined> {
  if (resume === undefined) return undefined;
  const folder = await requests.realpath(remoteFolder(target));
  const name = createHash('sha256')
    .update(JSON.stringify([resume.peer, joinRemote(folder, remoteName(target) ?? '')]))
    .digest('hex');
  return join(resume.folder, `${name}.json`);
}
