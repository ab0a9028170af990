/** One file of the session, as each channel has it open. */

import type { PooledChannel } from './pooled-channel.ts';
import type { RemoteHandle } from './sftp-requests.ts';

export class PooledChannelHandles {
  readonly #open: (lane: PooledChannel) => Promise<RemoteHandle>;
  readonly #handles = new Map<PooledChannel, Promise<RemoteHandle>>();

  /** `open` makes sure that it is the same file on every channel. */
  constructor(open: (lane: PooledChannel) => Promise<RemoteHandle>) {
    this.#open = open;
  }

  get isEmpty(): boolean {
    return this.#handles.size === 0;
  }

  /** What could not be opened is tried again by the next call. */
  of(lane: PooledChannel): Promise<RemoteHandle> {
    const known = this.#handles.get(lane);
    if (known !== undefined) return known;
    const opened = this.#open(lane);
    this.#handles.set(lane, opened);
    opened.catch(() => this.#handles.delete(lane));
    return opened;
  }

  /** The channel that made the file has it open already. */
  set(lane: PooledChannel, handle: RemoteHandle): void {
    this.#handles.set(lane, Promise.resolve(handle));
  }

  /** Resolves when the channels that are left have closed it; never rejects. */
  async closeAll(): Promise<void> {
    const closing = [...this.#handles].map(async ([lane, handle]) => {
      if (lane.lost === undefined) await lane.cleanup.close(await handle);
    });
    this.#handles.clear();
    await Promise.allSettled(closing);
  }

  /** Nothing depends on the answers, and after a failure there may be none. */
  close(): void {
    for (const [lane, handle] of this.#handles) {
      handle.then((opened) => lane.cleanup.close(opened)).catch(() => {});
    }
    this.#handles.clear();
  }
}
