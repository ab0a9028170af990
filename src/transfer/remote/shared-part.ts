/** What the parts have in common that many channels write to: making one, knowing it again, the check at its end, taking it away. */

import { randomInt } from 'node:crypto';
import type { ChannelPool } from '../engine/channel-pool.ts';
import type { PooledChannelHandles } from '../engine/pooled-channel-handles.ts';
import type { RemoteAttributes } from '../engine/remote-attributes.ts';
import type { RemoteHandle, SftpRequests } from '../engine/sftp-requests.ts';
import {
  discardPart,
  explainWrite,
  ignoreRefusal,
  openNewPart,
  partReplacedError,
  wrongSizeError,
} from './remote-part.ts';
import type { RemoteTarget } from './remote-target.ts';

interface NewPart {
  readonly path: string;
  readonly target: RemoteTarget;
  /** Called before anything else can fail. */
  opened(handle: RemoteHandle): void;
  /** What is written first. */
  write(handle: RemoteHandle): Promise<void>;
}

/** Returns the mode that the file is to have in the end, when the server tells it. */
export async function makePart(requests: SftpRequests, part: NewPart): Promise<number | undefined> {
  const { old, path } = part.target;
  const handle = await openNewPart(requests, part.path, old === undefined ? 0o666 : 0o600);
  part.opened(handle);
  // The mode a new file gets there (umask, default ACL) is known from what the server made of 0666.
  const created = requests.attributes(handle);
  const steps = [created, ignoreRefusal(requests.setMode(handle, 0o600)), part.write(handle)];
  await Promise.all(steps).catch((error: unknown) => explainWrite(requests, path, error));
  return old?.mode ?? (await created).mode;
}

interface Reading {
  readonly into: Buffer;
  readonly position: number;
}

/** Returns how many bytes there are: fewer at the end of the file. */
export async function readUpTo(
  requests: SftpRequests,
  handle: RemoteHandle,
  { into, position }: Reading,
): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const bytesRead = await requests.read(handle, into.subarray(filled), position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

interface WholePart {
  readonly path: string;
  readonly target: string;
  readonly size: number;
  /** What stands behind that size is cut off first. */
  readonly cutsRest?: boolean;
}

/**
 * Whether the name still means this file, and its size. One time is as good as a name: set over the handle, it shows under the path
 * when both mean one file. Returns what the file was like before; its times are no longer those. A server works off the
 * requests of a channel in order.
 */
export async function checkPart(
  requests: SftpRequests,
  handle: RemoteHandle,
  { path, target, size, cutsRest = false }: WholePart,
): Promise<RemoteAttributes> {
  const token = randomInt(1, 2 ** 30);
  const [before, , , named, own] = await Promise.all([
    requests.attributes(handle),
    cutsRest ? requests.truncate(handle, size) : undefined,
    ignoreRefusal(requests.setTimes(handle, token, token)),
    requests.lstat(path),
    requests.attributes(handle),
  ]);
  // A file system that keeps no such times cannot answer the question; the checksum will.
  if (own.modifiedAt === token && named.modifiedAt !== token) throw partReplacedError(path);
  for (const { size: there } of [own, named]) if (there !== size) throw wrongSizeError(target, there, size);
  return before;
}

/** Never throws. */
export async function discardShared(
  path: string,
  pool: ChannelPool,
  handles: PooledChannelHandles,
): Promise<void> {
  await handles.closeAll();
  const [lane] = pool.lanes;
  if (lane !== undefined) await discardPart(lane.cleanup, path, undefined);
  else pool.left(path);
}
