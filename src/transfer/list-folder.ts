/** A folder of the session, part by part as the server sends it. */

import { ProtocolError } from '../errors.ts';
import type { RemoteEntry } from './remote-attributes.ts';
import type { RemotePartDeps } from './remote-part.ts';

/** A listing that never ends is a broken or hostile server. */
const mostEntries = 1_000_000;

/** Without `.` and `..`; the names are as the server sent them. */
export async function* listFolder(path: string, deps: RemotePartDeps): AsyncGenerator<RemoteEntry> {
  const folder = await deps.requests.openFolder(path);
  let seen = 0;
  try {
    for (;;) {
      const entries = await deps.requests.readFolder(folder);
      if (entries === undefined) return;
      seen += entries.length;
      if (seen > mostEntries) throw new ProtocolError(`${path} lists more than ${mostEntries} names`);
      for (const entry of entries) if (entry.name !== '.' && entry.name !== '..') yield entry;
    }
  } finally {
    // Nothing depends on the answer, and after a failure there may be none.
    deps.cleanup.close(folder).catch(() => {});
  }
}
