/** Regular files, and what may stand in the place of one: that is never opened, and never replaced. */

import { constants, type Stats } from 'node:fs';
import { lstat, open, stat } from 'node:fs/promises';
import { noneIfMissing } from '../core/undefined-if-missing.ts';
import { LocalSystemError, systemCode } from '../errors.ts';

/** Nothing for a regular file. */
export function kindInTheWay(found: Stats): string | undefined {
  if (found.isFile()) return undefined;
  if (found.isDirectory()) return 'a folder';
  if (found.isSymbolicLink()) return 'a link';
  if (found.isFIFO()) return 'a named pipe';
  if (found.isSocket()) return 'a socket';
  return 'a device';
}

/** Throws unless a regular file, or nothing, has the name. */
export async function checkReplaceable(path: string): Promise<void> {
  const found = await lstat(path).catch(noneIfMissing);
  if (found !== undefined) checkPlain(path, found);
}

/**
 * A regular file, links followed; nothing when there is none. A pipe or a device is not read from: that could wait for
 * ever, or do something.
 */
export async function readPlainFile(path: string): Promise<Buffer | undefined> {
  const found = await stat(path).catch((error: unknown) => noneUnlessLink(path, error));
  if (found === undefined) return undefined;
  checkPlain(path, found);
  const file = await open(path, constants.O_RDONLY | nonBlocking).catch(noneIfMissing);
  if (file === undefined) return undefined;
  try {
    checkPlain(path, await file.stat());
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Windows has none. */
const nonBlocking = (constants.O_NONBLOCK as number | undefined) ?? 0;

function checkPlain(path: string, found: Stats): void {
  const kind = kindInTheWay(found);
  if (kind === undefined) return;
  throw new LocalSystemError(`${path} is ${kind}, not a regular file`, {
    code: 'not-a-file',
    hint: 'choose another name, or move it out of the way',
    details: { path },
  });
}

/** For the failed look behind a path: a link to nowhere is not nothing. */
export async function noneUnlessLink(path: string, error: unknown): Promise<undefined> {
  const isMissing = systemCode(error) === 'ENOENT';
  // What is there by now, and no link, was not there a moment ago.
  if (!isMissing || (await lstat(path).catch(noneIfMissing))?.isSymbolicLink()) throw error;
}
