/** A file of the session that is fetched, as each channel has it open. */

import type { Lane } from './lane.ts';
import { type RemoteSource, reopenRemoteSource } from './remote-source.ts';
import type { RemoteHandle } from './sftp-requests.ts';

export class SourceHandles {
  readonly #source: RemoteSource;
  readonly #handles = new Map<Lane, Promise<RemoteHandle>>();

  constructor(source: RemoteSource) {
    this.#source = source;
  }

  of(lane: Lane): Promise<RemoteHandle> {
    const known = this.#handles.get(lane);
    if (known !== undefined) return known;
    const opened = reopenRemoteSource(lane.requests, this.#source);
    this.#handles.set(lane, opened);
    opened.catch(() => this.#handles.delete(lane));
    return opened;
  }

  /** Nothing depends on the answers, and after a failure there may be none. */
  close(): void {
    for (const [lane, handle] of this.#handles) {
      handle.then((opened) => lane.cleanup.close(opened)).catch(() => {});
    }
    this.#handles.clear();
  }
}
