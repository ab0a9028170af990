/** A small file onto this machine, over one channel. */

import { channelCountOf, type KeptAttributes } from '../engine/file-transfer.ts';
import type { PooledChannel } from '../engine/pooled-channel.ts';
import { pieces, runConcurrently } from '../engine/run-concurrently.ts';
import { createLocalPart } from '../local/local-part.ts';
import type { ReadableFile } from '../local/verify.ts';
import { checksumError, readableLocalPart } from '../local/verify.ts';
import { type OpenedSource, readFully } from '../remote/remote-source.ts';

export interface SmallGet {
  readonly source: OpenedSource;
  readonly local: string;
  readonly isInRealFolder?: boolean | undefined;
  readonly kept: KeptAttributes;
  readonly onBytes: (bytes: number) => void;
  /** Whether the part, now whole, is to get its name; nothing when that is not to be asked. */
  readonly isSame?: ((part: ReadableFile) => Promise<boolean>) | undefined;
}

/** What has the target's name stays as it is until the last step. */
export async function getSmall(get: SmallGet, { requests, pieceBytes }: PooledChannel): Promise<void> {
  const { source, local } = get;
  await using part = await createLocalPart(local, { isInRealFolder: get.isInRealFolder });
  let fetchedBytes = 0;
  await runConcurrently(pieces(source.size, pieceBytes), channelCountOf(source.size), (isOver) => {
    const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, source.size));
    return async ({ position, length }) => {
      const isThere = source.first?.length === length;
      const bytes = (isThere ? source.first : undefined) ?? buffer.subarray(0, length);
      if (!isThere) await readFully(requests, source.handle, { bytes, position });
      if (isOver()) return;
      await part.write(bytes, position);
      if (isOver()) return;
      fetchedBytes += length;
      get.onBytes(fetchedBytes);
    };
  });
  await part.finish(source.size);
  if (get.isSame && !(await get.isSame(readableLocalPart(part, local)))) throw checksumError(local);
  await part.commit(get.kept);
}
