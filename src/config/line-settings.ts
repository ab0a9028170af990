/** What `bai sftp speedtest` found out about the lines to sessions: one file each, by the session's id. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { connectionCounts, type LinkTuning, strongCiphers } from '../core/ssh/link-tuning.ts';
import { parseJson } from '../core/text/json.ts';
import { BaiError, systemCode } from '../errors.ts';
import { readOwnFile, replaceOwnFile } from '../files/own-file.ts';

export interface LineSettings {
  /** Nothing when nothing was measured lately. `peer` is a name that no other session gets. */
  read(peer: string): Promise<LinkTuning | undefined>;
  write(peer: string, setting: LinkTuning): Promise<void>;
}

const fileSchema = z.object({
  version: z.literal(1),
  peer: z.string(),
  /** Milliseconds since 1970. */
  measuredAt: z.number(),
  cipher: z.enum(strongCiphers),
  connections: z.literal([...connectionCounts]),
});

/** Lines and servers change. */
const lastsMs = 30 * 24 * 3_600_000;

export function openLineSettings(folder: string, now: () => number = Date.now): LineSettings {
  return {
    async read(peer) {
      const text = await readText(pathOf(folder, peer));
      const parsed = fileSchema.safeParse(text === undefined ? undefined : parseJson(text));
      if (!parsed.success || parsed.data.peer !== peer) return undefined;
      const { measuredAt, cipher, connections } = parsed.data;
      // A clock that was set back makes a file of the future, which would never grow old.
      return Math.abs(now() - measuredAt) <= lastsMs ? { cipher, connections } : undefined;
    },
    async write(peer, setting) {
      const content = { version: 1, peer, measuredAt: now(), ...setting };
      await replaceOwnFile(pathOf(folder, peer), `${JSON.stringify(content)}\n`);
    },
  };
}

/** The id comes from a manager, so it is a file name only when it looks like one. */
function pathOf(folder: string, peer: string): string {
  const name = /^[\w-]{1,100}$/.test(peer) ? peer : createHash('sha256').update(peer).digest('hex');
  return join(folder, `${name}.json`);
}

/** What cannot be read is only slower, so it is nobody's failure. */
async function readText(path: string): Promise<string | undefined> {
  try {
    return await readOwnFile(path);
  } catch (error) {
    if (systemCode(error) !== undefined || error instanceof BaiError) return undefined;
    throw error;
  }
}
