/**
 * Renaming and removing files. Windows lets nobody do that to a file which another program has open without a word that others may:
 * an editor, a scanner for viruses, a search index. Most let go of it after a moment.
 */

import fs, { lstat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { startStopwatch } from '../core/time-limit.ts';
import { LocalSystemError, systemCode } from '../errors.ts';

interface Patience {
  readonly platform?: NodeJS.Platform;
  /** How long others are waited for. */
  readonly mostMs?: number;
}

interface Held {
  /** The one that others may have open. */
  readonly path: string;
  readonly action: 'replaced' | 'removed';
}

/** As Node's own, replacing what is there. */
export function rename(from: string, to: string): Promise<void> {
  return onceFree({ path: to, action: 'replaced' }, () => fs.rename(from, to));
}

/** A file or a link; missing already is fine. */
export function removeFile(path: string): Promise<void> {
  return onceFree({ path, action: 'removed' }, () => fs.rm(path, { force: true }));
}

/** With all that is in it; missing already is fine. */
export function removeTree(folder: string): Promise<void> {
  return fs.rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** What Windows says of a file that others have open, and of much else. */
const refusals: ReadonlySet<string | undefined> = new Set(['EPERM', 'EACCES', 'EBUSY']);
const patienceMs = 2_000;
const longestPauseMs = 200;

/**
 * Tries the work on Windows again for two seconds while it is refused as for a file that is open elsewhere; then rejects with an error
 * that says so. What is refused for a reason that is seen (a folder, a file that is read-only) is not waited for.
 */
export async function onceFree<T>(
  held: Held,
  work: () => Promise<T>,
  { platform = process.platform, mostMs = patienceMs }: Patience = {},
): Promise<T> {
  if (platform !== 'win32') return work();
  using waited = startStopwatch();
  for (let pauseMs = 10; ; pauseMs = Math.min(longestPauseMs, 2 * pauseMs)) {
    try {
      return await work();
    } catch (error) {
      if (!refusals.has(systemCode(error)) || (await isRefusedForGood(held.path))) throw error;
      if (waited.elapsedMs > mostMs) throw inUse(held, error);
    }
    await delay(pauseMs);
  }
}

async function isRefusedForGood(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined && (found.isDirectory() || (found.mode & 0o200) === 0);
}

function inUse({ path, action }: Held, cause: unknown): LocalSystemError {
  return new LocalSystemError(`${path} could not be ${action}: another program seems to have it open`, {
    code: 'file-in-use',
    hint: 'close it where it is open (an editor, a viewer, a scanner for viruses, a backup), then run the same command again',
    details: { path },
    cause,
  });
}
