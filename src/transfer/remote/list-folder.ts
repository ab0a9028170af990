/** A folder of the session, part by part as the server sends it. */

import { ProtocolError } from '../../errors.ts';
import type { ChannelPool } from '../engine/channel-pool.ts';
import type { FewerAtOnce } from '../engine/fewer-at-once.ts';
import type { PooledChannel } from '../engine/pooled-channel.ts';
import type { RemoteEntry } from '../engine/remote-attributes.ts';
import { FolderParts } from './folder-parts.ts';

/** A listing that never ends is a broken or hostile server. */
const mostEntries = 1_000_000;
/** Of all names of a folder together, for they are remembered. */
const mostNameBytes = 48 * 1024 * 1024;
/** Parts of about a hundred names each. */
const mostAsked = 16;

/** Without `.` and `..`; the names are as the server sent them, none again because the connection was lost. */
export async function* listFolder(path: string, pool: ChannelPool): AsyncGenerator<RemoteEntry> {
  const given = new Set<string>();
  let count = 0;
  let nameBytes = 0;
  for (;;) {
    const lane = await pool.lane();
    const before = new Set(given);
    try {
      for await (const entry of listOver(lane, path, pool.fewer)) {
        if (before.has(entry.name)) continue;
        count += 1;
        if (count > mostEntries) throw new ProtocolError(`${path} lists more than ${mostEntries} names`);
        nameBytes += Buffer.byteLength(entry.name);
        if (nameBytes > mostNameBytes) throw new ProtocolError(`${path} lists names without end`);
        given.add(entry.name);
        yield entry;
      }
      return;
    } catch (error) {
      if (pool.over !== undefined || !lane.isLoss(error)) throw error;
    }
  }
}

async function* listOver(lane: PooledChannel, path: string, fewer: FewerAtOnce): AsyncGenerator<RemoteEntry> {
  const folder = await fewer.run(() => lane.requests.openFolder(path));
  const parts = new FolderParts(lane, folder);
  // Whoever is given a name may wait for files, and these for an end of what is open.
  const forget = fewer.onShortage(() => void parts.readOn());
  try {
    for (let count = 1; ; count += 1) {
      // A server answers in order; a folder that goes on is asked for ever more parts at a time.
      const entries = await parts.next(Math.min(Math.max(1, 2 * (count - 1)), mostAsked));
      if (entries === undefined) return;
      if (count > mostEntries) throw new ProtocolError(`${path} does not stop listing names`);
      for (const entry of entries) if (entry.name !== '.' && entry.name !== '..') yield entry;
    }
  } finally {
    forget();
    parts.close();
  }
}
