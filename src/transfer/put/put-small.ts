/** A small file into the session: over one channel, in as few round trips as safety allows. */

import { type KeptAttributes, syncFromBytes } from '../engine/file-transfer.ts';
import type { PooledChannel } from '../engine/pooled-channel.ts';
import { pieces } from '../engine/run-concurrently.ts';
import { requestBytes } from '../engine/sftp-channel.ts';
import type { RemoteHandle } from '../engine/sftp-requests.ts';
import type { LocalSource } from '../local/local-source.ts';
import { checksumError } from '../local/verify.ts';
import { partModes, takePartAhead } from '../remote/part-ahead.ts';
import {
  discardPart,
  explainWrite,
  ignoreRefusal,
  openNewPart,
  putInPlace,
  remotePartPath,
  wrongSizeError,
} from '../remote/remote-part.ts';
import { checkRemoteTarget, type RemoteTarget } from '../remote/remote-target.ts';

export interface SmallPut {
  readonly source: LocalSource;
  readonly target: RemoteTarget;
  /** As `sentOf` gives it. */
  readonly kept: KeptAttributes;
  readonly onBytes: (bytes: number) => void;
  /** Whether the part, now whole, is to get its name; nothing when that is not to be asked. */
  readonly isSame?: ((part: string) => Promise<boolean>) | undefined;
  /** Counts the renames that were sent, over all attempts. */
  readonly renames: { sent: number };
}

/** What has the target's name stays as it is until the last step. */
export async function putSmall(put: SmallPut, lane: PooledChannel): Promise<void> {
  const { target, renames } = put;
  // A rename that was lost with its connection may be done late: under its name must never be a file that is not whole.
  const part = remotePartPath(target.path, renames.sent);
  if (renames.sent > 0) lane.requests.remove(remotePartPath(target.path, renames.sent - 1)).catch(() => {});
  const sent: SentPart = {
    handle: await openPart(put, part, lane),
    isClosed: false,
  };
  let isLeft = false;
  try {
    await send(put, lane, sent).catch((error: unknown) => explainWrite(lane.requests, target.path, error));
    if (put.isSame && !(await put.isSame(part))) throw checksumError(target.path);
    renames.sent += 1;
    await putInPlace(lane.cleanup, { part, target: target.path }, () => {
      isLeft = true;
    });
  } catch (error) {
    if (!isLeft) await discardPart(lane.cleanup, part, sent.isClosed ? undefined : sent.handle);
    throw error;
  }
}

async function openPart(put: SmallPut, path: string, lane: PooledChannel): Promise<RemoteHandle> {
  const mode = { atFirst: modeAtFirst(put), final: finalMode(put) };
  return (await takePartAhead(lane, path, mode)) ?? (await openNewPart(lane.requests, path, mode.atFirst));
}

interface SentPart {
  readonly handle: RemoteHandle;
  isClosed: boolean;
}

/** Known beforehand only when a file is replaced or the source's mode is kept. */
function finalMode({ target, kept }: SmallPut): number | undefined {
  return kept.mode ?? target.old?.mode;
}

function modeAtFirst(put: SmallPut): number {
  return finalMode(put) === undefined ? partModes.shown : partModes.hidden;
}

/**
 * A server works off the requests for one file in order, so they need not wait for each other: what comes
 * after the writes sees them, and only the rename has to wait until all of them are known to be done. The last look at
 * what the rename replaces goes with them.
 */
async function send(put: SmallPut, lane: PooledChannel, sent: SentPart): Promise<void> {
  const { source, target, onBytes } = put;
  const { requests } = lane;
  const { handle } = sent;
  const answers: Promise<unknown>[] = [];
  const mode = hideUntilWhole(put, lane, handle);
  mode.catch(() => {});
  let arrived = 0;
  try {
    for (const { position, length } of pieces(source.size, lane.pieceBytes)) {
      const bytes = Buffer.allocUnsafe(length);
      await source.fill(bytes, position);
      const written = requests.write(handle, bytes, position).then(() => {
        arrived += length;
        onBytes(arrived);
      });
      written.catch(() => {});
      answers.push(written);
    }
    // Of several pieces one may fail while others arrive, and that file is nobody's to read.
    if (source.size > requestBytes || lane.isPaced) await Promise.all(answers);
    answers.push(...setAttributes({ ...put.kept, mode: await mode }, lane, handle));
    if (source.size >= syncFromBytes && requests.offers('fsync@openssh.com'))
      answers.push(requests.sync(handle));
    const before = [...answers];
    const attributes = requests.attributes(handle);
    answers.push(
      attributes.then(async ({ size }) => {
        if (size === source.size) return;
        // A server may answer a write that failed after this one: that is the cause then.
        await Promise.all(before);
        throw wrongSizeError(target.path, size, source.size);
      }),
    );
    sent.isClosed = true;
    answers.push(requests.close(handle), checkRemoteTarget(requests, target.path));
  } finally {
    await Promise.all(answers);
  }
}

/** A file that comes in one piece is never half there, so nobody can read half of it. Returns the mode at the end. */
async function hideUntilWhole(
  put: SmallPut,
  { requests }: PooledChannel,
  handle: RemoteHandle,
): Promise<number | undefined> {
  const known = finalMode(put);
  if (known !== undefined || put.source.size <= requestBytes) return known;
  const created = requests.attributes(handle);
  await Promise.all([created, ignoreRefusal(requests.setMode(handle, 0o600))]);
  return (await created).mode;
}

function setAttributes(
  kept: KeptAttributes,
  { requests }: PooledChannel,
  handle: RemoteHandle,
): Promise<void>[] {
  const { mode, modifiedAt, accessedAt = modifiedAt } = kept;
  const set: Promise<void>[] = [];
  if (mode !== undefined) set.push(ignoreRefusal(requests.setMode(handle, mode)));
  if (modifiedAt !== undefined && accessedAt !== undefined) {
    set.push(ignoreRefusal(requests.setTimes(handle, accessedAt, modifiedAt)));
  }
  return set;
}
