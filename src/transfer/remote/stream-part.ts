/** The part of a stream in the session: its size is known only at its end, and it may be seen by many channels. */

import { NotFoundError } from '../../errors.ts';
import type { ChannelPool } from '../engine/channel-pool.ts';
import { syncFromBytes } from '../engine/file-transfer.ts';
import type { PooledChannel } from '../engine/pooled-channel.ts';
import { PooledChannelHandles } from '../engine/pooled-channel-handles.ts';
import { OpenFlag, type RemoteHandle, type SftpRequests } from '../engine/sftp-requests.ts';
import { PartCommit } from './part-commit.ts';
import { explainWrite, ignoreRefusal, partReplacedError, remotePartPath } from './remote-part.ts';
import type { RemoteTarget } from './remote-target.ts';
import { checkPart, discardShared, makePart, readUpTo } from './shared-part.ts';

/** So many of the first bytes are kept, to know the part again on another channel. */
const proofBytes = 32 * 1024;

export class StreamPart {
  readonly path: string;
  readonly #pool: ChannelPool;
  readonly #target: RemoteTarget;
  readonly #handles = new PooledChannelHandles((lane) => this.#reopen(lane));
  readonly #commit: PartCommit;
  #proof: Buffer | undefined;
  #mode: number | undefined;

  constructor(pool: ChannelPool, target: RemoteTarget) {
    this.#pool = pool;
    this.#target = target;
    this.path = remotePartPath(target.path);
    this.#commit = new PartCommit(pool, { part: this.path, target: target.path });
  }

  /** The first piece makes the part, again if the connection went before it had arrived; no other may run before. */
  async begin(bytes: Buffer): Promise<void> {
    await this.#pool.retrying(async (lane) => {
      this.#mode = await makePart(lane.requests, {
        path: this.path,
        target: this.#target,
        opened: (handle) => this.#handles.set(lane, handle),
        write: () => this.#write(lane, { bytes, position: 0 }),
      });
    });
    this.#proof = Buffer.from(bytes.subarray(0, proofBytes));
  }

  /** On whichever channel has the least to do, and again on another one when that was lost. */
  async write(bytes: Buffer, position: number): Promise<void> {
    await this.#pool.retrying((lane) => this.#write(lane, { bytes, position }));
  }

  /** Checks the size and that the name still means this file, and sees to it that all is on the disk. */
  async finish(totalBytes: number): Promise<void> {
    await this.#pool.retrying(async (lane) => {
      const { requests } = lane;
      const handle = await this.#handles.of(lane);
      const isSynced = totalBytes >= syncFromBytes && requests.offers('fsync@openssh.com');
      await Promise.all([this.#check(requests, handle, totalBytes), isSynced && requests.sync(handle)]).catch(
        (error: unknown) => explainWrite(requests, this.#target.path, error),
      );
    });
  }

  /** After `finish`: gives it the target's name. When the answer is lost with the connection, the names tell what happened. */
  async commit(totalBytes: number): Promise<void> {
    await this.#handles.closeAll();
    await this.#commit.run(totalBytes);
  }

  /** Never throws. */
  async discard(): Promise<void> {
    if (this.#commit.isOnlyCopy || this.#handles.isEmpty) return;
    await discardShared(this.path, this.#pool, this.#handles);
  }

  async #write(
    lane: PooledChannel,
    { bytes, position }: { readonly bytes: Buffer; readonly position: number },
  ): Promise<void> {
    const handle = await this.#handles.of(lane);
    await lane.requests
      .write(handle, bytes, position)
      .catch((error: unknown) => explainWrite(lane.requests, this.#target.path, error));
  }

  async #reopen({ requests }: PooledChannel): Promise<RemoteHandle> {
    const proof = this.#proof ?? Buffer.alloc(0);
    const there = Buffer.alloc(proof.length);
    try {
      const handle = await requests.open(this.path, OpenFlag.read | OpenFlag.write);
      const filled = await readUpTo(requests, handle, { into: there, position: 0 });
      if (there.equals(proof) && filled === proof.length) return handle;
      requests.close(handle).catch(() => {});
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
    throw partReplacedError(this.path);
  }

  async #check(requests: SftpRequests, handle: RemoteHandle, size: number): Promise<void> {
    const now = Math.floor(Date.now() / 1000);
    const before = await checkPart(requests, handle, { path: this.path, target: this.#target.path, size });
    const writtenAt = Math.max(before.modifiedAt ?? now, 2 ** 30);
    await Promise.all([
      ignoreRefusal(requests.setTimes(handle, writtenAt, writtenAt)),
      this.#mode === undefined ? undefined : ignoreRefusal(requests.setMode(handle, this.#mode)),
    ]);
  }
}
