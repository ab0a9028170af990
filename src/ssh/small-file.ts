/** How the small files beside ssh's own are looked at and replaced. */

import { randomBytes } from 'node:crypto';
import { lstat, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { noneIfMissing } from '../core/unless-missing.ts';

/** A symbolic link to nowhere is not nothing. */
export async function isLink(path: string): Promise<boolean> {
  return (await lstat(path).catch(noneIfMissing))?.isSymbolicLink() === true;
}

/** What `make` has made beside it takes its place, whole; nothing is left when that fails. */
export async function replaceWith(path: string, make: (beside: string) => Promise<void>): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.new`);
  try {
    await make(beside);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw error;
  }
}
