/** What stands on this machine where a file is to go: only a regular file is ever replaced. */

import type { Stats } from 'node:fs';
import { type BaiError, ConflictError, TransferError } from '../../errors.ts';
import { onThisMachine } from '../../files/local-error.ts';
import { kindInTheWay } from '../../files/plain-file.ts';
import { lstatIfThere } from './local-disk.ts';

/** As `modeOfOldFile`, with failures that name the target. */
export function checkLocalTarget(target: string): Promise<number | undefined> {
  return onThisMachine('write', target, modeOfOldFile(target));
}

/**
 * Permission bits of the file that is replaced; nothing where there is none. Throws a BaiError for anything but a regular file,
 * for nothing is ever put in the place of that.
 */
export async function modeOfOldFile(target: string): Promise<number | undefined> {
  const old = await lstatIfThere(target);
  if (old === undefined) return undefined;
  if (!old.isFile()) throw inTheWay(target, old);
  return old.mode & 0o777;
}

export function inTheWay(target: string, found: Stats): BaiError {
  if (found.isDirectory()) return new ConflictError(`${target} is a folder`, { code: 'is-folder' });
  if (found.isSymbolicLink()) {
    return new ConflictError(`${target} is a link, and nothing is written through it`, {
      code: 'leads-outside',
      hint: 'name the file that it leads to as the target, or remove the link',
    });
  }
  return new TransferError(`${target} is ${kindInTheWay(found)}, not a regular file`, {
    code: 'not-a-file',
    hint: 'choose another name; `-` as the target is stdout, which can be redirected anywhere',
  });
}
