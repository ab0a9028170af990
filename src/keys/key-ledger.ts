/** Remembers which key files bai wrote, by path and fingerprint: only those may be replaced or removed unasked. */

import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../core/json.ts';
import { systemCode } from '../errors.ts';

export interface KeyLedger {
  /** Whether bai wrote this key to this path. */
  wrote(path: string, fingerprint: string): Promise<boolean>;
  record(path: string, fingerprint: string, sessionId: string): Promise<void>;
  /** Notes one more session that uses a file; nothing when bai did not write it, or the session is noted already. */
  use(path: string, fingerprint: string, sessionId: string): Promise<void>;
  /** The file is not bai's any more. */
  forget(path: string): Promise<void>;
  /** The files that bai wrote and has not forgotten. */
  all(): Promise<readonly KeyRecord[]>;
}

export interface KeyRecord {
  readonly path: string;
  readonly fingerprint: string;
  /** Ids of those that used it. */
  readonly sessions: readonly string[];
  /** Whether all of these are of the manager and account that is asked now. */
  readonly isOfThisAccount: boolean;
}

const entrySchema = z.object({
  path: z.string(),
  fingerprint: z.string(),
  sessionId: z.string(),
  account: z._default(z.string(), ''),
});

type Entry = z.infer<typeof entrySchema>;

/** What stands in the place of a fingerprint for a file that was removed. */
const forgotten = '';

/**
 * One line of JSON for each use of a key, the last one of a path counts: commands that append at the same time lose nothing.
 * `account` is the manager with the access key, which tell what a session's id means.
 */
export function openKeyLedger(ledgerPath: string, account = ''): KeyLedger {
  const entriesOf = async (path: string): Promise<Entry[]> =>
    ofLastKey((await readEntries(ledgerPath)).filter((entry) => entry.path === path));
  const append = async (path: string, fingerprint: string, sessionId: string): Promise<void> => {
    await mkdir(dirname(ledgerPath), { recursive: true, mode: 0o700 });
    // The line break in front ends a line that a crash may have left half written.
    const line = `\n${JSON.stringify({ path, fingerprint, sessionId, account })}\n`;
    await appendFile(ledgerPath, line, { mode: 0o600 });
  };
  return {
    record: append,
    async wrote(path, fingerprint) {
      return (await entriesOf(path))[0]?.fingerprint === fingerprint;
    },
    async use(path, fingerprint, sessionId) {
      const entries = await entriesOf(path);
      const isNoted = entries.some((entry) => entry.sessionId === sessionId && entry.account === account);
      if (entries[0]?.fingerprint === fingerprint && !isNoted) await append(path, fingerprint, sessionId);
    },
    async forget(path) {
      await append(path, forgotten, '');
    },
    async all() {
      const entries = await readEntries(ledgerPath);
      const paths = [...new Set(entries.map(({ path }) => path))];
      return paths.flatMap((path) => {
        const own = ofLastKey(entries.filter((entry) => entry.path === path));
        const fingerprint = own[0]?.fingerprint ?? forgotten;
        if (fingerprint === forgotten) return [];
        const sessions = [...new Set(own.map(({ sessionId }) => sessionId))];
        const isOfThisAccount = own.every((entry) => entry.account === account);
        return [{ path, fingerprint, sessions, isOfThisAccount }];
      });
    },
  };
}

/** Those of the last key that was written to a path. */
function ofLastKey(entries: readonly Entry[]): Entry[] {
  const last = entries.at(-1)?.fingerprint;
  const start = entries.findLastIndex((entry) => entry.fingerprint !== last) + 1;
  return entries.slice(start);
}

/** A ledger that is lost or broken only means that bai asks before it replaces a file. */
async function readEntries(ledgerPath: string): Promise<Entry[]> {
  let text: string;
  try {
    text = await readFile(ledgerPath, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => {
    const parsed = entrySchema.safeParse(parseJson(line));
    return parsed.success ? [parsed.data] : [];
  });
}
