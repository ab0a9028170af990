/** Gives the part of a file its target's name, over whichever connection there is. */

import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import type { ChannelPool } from '../engine/channel-pool.ts';
import { putInPlace } from './remote-part.ts';
import { checkRemoteTarget } from './remote-target.ts';

export class PartCommit {
  readonly #pool: ChannelPool;
  readonly #names: { readonly part: string; readonly target: string };
  #isSent = false;
  #isOnlyCopy = false;

  constructor(pool: ChannelPool, names: { readonly part: string; readonly target: string }) {
    this.#pool = pool;
    this.#names = names;
  }

  /** The part is all that is left of either: it must not be taken away. */
  get isOnlyCopy(): boolean {
    return this.#isOnlyCopy;
  }

  /** When the answer is lost with the connection, the names tell what happened. */
  async run(totalBytes: number): Promise<void> {
    const { part, target } = this.#names;
    await this.#pool.retrying(async ({ requests, cleanup }) => {
      if (this.#isSent && (await undefinedIfMissing(requests.lstat(part))) === undefined) {
        const { size } = await requests.lstat(target);
        if (size === totalBytes) return;
      }
      await checkRemoteTarget(requests, target);
      this.#isSent = true;
      await putInPlace(cleanup, this.#names, () => {
        this.#isOnlyCopy = true;
      });
    });
  }
}
