/** The part of a large file in the session, as many channels see it. */

import { randomBytes } from 'node:crypto';
import { ConflictError } from '../../errors.ts';
import type { ChannelPool } from '../engine/channel-pool.ts';
import type { DoneRanges } from '../engine/done-ranges.ts';
import { type KeptAttributes, syncFromBytes } from '../engine/file-transfer.ts';
import type { PooledChannel } from '../engine/pooled-channel.ts';
import { PooledChannelHandles } from '../engine/pooled-channel-handles.ts';
import { isRefusal } from '../engine/sftp-error.ts';
import { OpenFlag, type RemoteHandle, type SftpRequests } from '../engine/sftp-requests.ts';
import type { LocalSource } from '../local/local-source.ts';
import { PartCommit } from './part-commit.ts';
import { explainWrite, ignoreRefusal, partReplacedError, remotePartPath } from './remote-part.ts';
import type { RemoteTarget } from './remote-target.ts';
import { checkPart, discardShared, makePart, readUpTo } from './shared-part.ts';

interface Write {
  readonly handle: RemoteHandle;
  readonly bytes: Buffer;
  readonly position: number;
}

/**
 * Behind its last byte the part carries a mark until it is whole: SFTP 3 tells no file from another of the same
 * name, and a channel that opens the part by name must not write into somebody else's.
 */
export class LargeRemotePart {
  readonly path: string;
  readonly #pool: ChannelPool;
  readonly #target: RemoteTarget;
  readonly #size: number;
  readonly #handles = new PooledChannelHandles((lane) => this.#open(lane));
  readonly #commit: PartCommit;
  #secret = '';
  #mode: number | undefined;
  #isTruncated = false;
  #writtenAt = 0;
  /** Whether what has the part's name was made, or taken over, by this transfer. */
  #isOurs = false;

  constructor(pool: ChannelPool, target: RemoteTarget, size: number) {
    this.#pool = pool;
    this.#target = target;
    this.#size = size;
    this.path = remotePartPath(target.path);
    this.#commit = new PartCommit(pool, { part: this.path, target: target.path });
  }

  /** What a later run knows it by. */
  get mark(): string {
    return `${this.#secret}:${this.#mode ?? ''}`;
  }

  async create(): Promise<void> {
    this.#secret = randomBytes(16).toString('hex');
    this.#isTruncated = false;
    await this.#pool.retrying(async (lane) => {
      const { requests } = lane;
      this.#mode = await makePart(requests, {
        path: this.path,
        target: this.#target,
        opened: (handle) => {
          this.#isOurs = true;
          this.#handles.set(lane, handle);
        },
        write: (handle) => requests.write(handle, Buffer.from(this.#secret, 'latin1'), this.#size),
      });
    });
  }

  /** Takes over what an earlier run left, if it is that and holds what the source holds. */
  async adopt(
    mark: string,
    { source, ranges }: { readonly source: LocalSource; readonly ranges: DoneRanges },
  ): Promise<boolean> {
    const [secret, mode] = mark.split(':');
    if (secret === undefined || !/^[0-9a-f]{32}$/.test(secret)) return false;
    this.#secret = secret;
    this.#mode = this.#target.old?.mode ?? (mode ? Number(mode) & 0o777 : undefined);
    // Of one that was complete the mark has gone, for every channel that opens it from now on.
    this.#isTruncated = ranges.isComplete;
    const check = async (lane: PooledChannel): Promise<boolean> =>
      this.#hasSamples(lane.requests, await this.handleOf(lane), { source, ranges });
    this.#isOurs = await this.#pool.retrying(check).catch((error: unknown) => {
      // What is not there, is another's or cannot be read is not gone on with; a loss or Ctrl-C says nothing about it.
      if (error instanceof ConflictError || isRefusal(error)) return false;
      throw error;
    });
    // What was opened is another file than the one that will be made.
    if (!this.#isOurs) await this.#handles.closeAll();
    return this.#isOurs;
  }

  /** Throws ConflictError when another file has the part's name by now. */
  handleOf(lane: PooledChannel): Promise<RemoteHandle> {
    return this.#handles.of(lane);
  }

  write({ requests }: PooledChannel, { handle, bytes, position }: Write): Promise<void> {
    return requests
      .write(handle, bytes, position)
      .catch((error: unknown) => explainWrite(requests, this.#target.path, error));
  }

  /** Takes the mark off and makes sure that the name still means this file. */
  async finish(): Promise<void> {
    await this.#pool.retrying(async (lane) => {
      const handle = await this.handleOf(lane);
      // A check that was cut off may have left its own time there.
      const isRepeated = this.#isTruncated;
      this.#isTruncated = true;
      const target = this.#target.path;
      const whole = { path: this.path, target, size: this.#size, cutsRest: true };
      const before = await checkPart(lane.requests, handle, whole).catch((error: unknown) =>
        explainWrite(lane.requests, target, error),
      );
      this.#writtenAt = isRepeated ? Date.now() / 1000 : (before.modifiedAt ?? 0);
    });
  }

  /** After `finish`, with what `sentOf` gives: sets mode and times, sees to it that all is on the disk, and closes it on all channels. */
  async seal(kept: KeptAttributes): Promise<void> {
    const mode = kept.mode ?? this.#mode;
    const { modifiedAt = Math.floor(this.#writtenAt), accessedAt = modifiedAt } = kept;
    await this.#pool.retrying(async (lane) => {
      const { requests } = lane;
      const handle = await this.handleOf(lane);
      const isSynced = this.#size >= syncFromBytes && requests.offers('fsync@openssh.com');
      await Promise.all([
        ignoreRefusal(requests.setTimes(handle, accessedAt, modifiedAt)),
        mode === undefined ? undefined : ignoreRefusal(requests.setMode(handle, mode)),
        isSynced ? requests.sync(handle) : undefined,
        this.#handles.closeAll(),
      ]).catch((error: unknown) => explainWrite(requests, this.#target.path, error));
    });
  }

  /** Gives it the target's name. When the answer is lost with the connection, the names tell what happened. */
  async commit(): Promise<void> {
    await this.#handles.closeAll();
    await this.#commit.run(this.#size);
  }

  /** Never throws. */
  async discard(): Promise<void> {
    if (this.#commit.isOnlyCopy || !this.#isOurs) return;
    await discardShared(this.path, this.#pool, this.#handles);
  }

  /** Nothing depends on the answers, and after a failure there may be none. */
  close(): void {
    this.#handles.close();
  }

  async #open({ requests }: PooledChannel): Promise<RemoteHandle> {
    const handle = await requests.open(this.path, OpenFlag.read | OpenFlag.write);
    const mark = Buffer.alloc(this.#secret.length);
    const bytesRead = await readUpTo(requests, handle, { into: mark, position: this.#size });
    if (bytesRead === mark.length && mark.toString('latin1') === this.#secret) return handle;
    if (bytesRead === 0 && this.#isTruncated) {
      if ((await requests.attributes(handle)).size === this.#size) return handle;
    }
    throw partReplacedError(this.path);
  }

  async #hasSamples(
    requests: SftpRequests,
    handle: RemoteHandle,
    { source, ranges }: { readonly source: LocalSource; readonly ranges: DoneRanges },
  ): Promise<boolean> {
    const compared = ranges.samples(4).map(async ({ position, length }) => {
      const here = Buffer.alloc(length);
      const there = Buffer.alloc(length);
      await source.fill(here, position);
      const bytesRead = await readUpTo(requests, handle, { into: there, position });
      return bytesRead === length && here.equals(there);
    });
    return (await Promise.all(compared)).every((isSame) => isSame);
  }
}
