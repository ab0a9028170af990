/** Remembers which key files bai wrote, by path and fingerprint: only those may be replaced or removed unasked. */

import * as z from 'zod/mini';
import { parseJson } from '../core/text/json.ts';
import type { LockWait } from '../files/lock.ts';
import { changeOwnFile, readOwnFile } from '../files/own-file.ts';

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
 * One line of JSON for each use of a key; the last one of a path counts. `account` is the manager with the access key,
 * which tell what a session's id means.
 */
export function openKeyLedger(ledgerPath: string, account = '', wait?: LockWait): KeyLedger {
  const read = async (): Promise<Entry[]> => readEntries((await readOwnFile(ledgerPath)) ?? '');
  const append = (entry: Omit<Entry, 'account'>): Promise<void> =>
    changeOwnFile(ledgerPath, (text) => withLine(text, { ...entry, account }), wait);
  return {
    record: (path, fingerprint, sessionId) => append({ path, fingerprint, sessionId }),
    async wrote(path, fingerprint) {
      return ofLastKey(await read(), path)[0]?.fingerprint === fingerprint;
    },
    async use(path, fingerprint, sessionId) {
      const isNews = (entries: readonly Entry[]): boolean => {
        const own = ofLastKey(entries, path);
        const isNoted = own.some((entry) => entry.sessionId === sessionId && entry.account === account);
        return own[0]?.fingerprint === fingerprint && !isNoted;
      };
      if (!isNews(await read())) return;
      const note = (text = ''): string | undefined =>
        isNews(readEntries(text)) ? withLine(text, { path, fingerprint, sessionId, account }) : undefined;
      await changeOwnFile(ledgerPath, note, wait);
    },
    async forget(path) {
      await append({ path, fingerprint: forgotten, sessionId: '' });
    },
    async all() {
      const entries = await read();
      const paths = [...new Set(entries.map(({ path }) => path))];
      return paths.flatMap((path) => {
        const own = ofLastKey(entries, path);
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
function ofLastKey(all: readonly Entry[], path: string): Entry[] {
  const entries = all.filter((entry) => entry.path === path);
  const last = entries.at(-1)?.fingerprint;
  return entries.slice(entries.findLastIndex((entry) => entry.fingerprint !== last) + 1);
}

/** A ledger that is lost or broken only means that bai asks before it replaces a file. */
function readEntries(text: string): Entry[] {
  return text.split('\n').flatMap((line) => {
    const parsed = entrySchema.safeParse(parseJson(line));
    return parsed.success ? [parsed.data] : [];
  });
}

/** A line that a release before this one left half written does not take the new one with it. */
function withLine(text: string | undefined, entry: Entry): string {
  const before = text ?? '';
  const end = before === '' || before.endsWith('\n') ? '' : '\n';
  return `${before}${end}${JSON.stringify(entry)}\n`;
}
