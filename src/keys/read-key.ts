/** Reads key files that a person named, or that lie in their ssh folder. Links are followed, as ssh follows them. */

import { constants, lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { noneIfMissing } from '../core/undefined-if-missing.ts';
import { NotFoundError, systemCode, UsageError } from '../errors.ts';
import { mostKeyBytes } from './key-text.ts';

export interface KeyBytes {
  readonly bytes: Buffer;
  /** Permission bits; nothing on Windows, where they mean nothing. */
  readonly mode: number | undefined;
}

/** As `findUserKey`, where it must be there. */
export async function readUserKey(path: string): Promise<KeyBytes> {
  const read = await findUserKey(path);
  if (read !== undefined) return read;
  throw new NotFoundError(`the key ${path} does not exist`, { hint: '`bai key list` lists yours' });
}

/** Never waits for a pipe, and reads nothing that is larger than a key. Nothing when nothing is there. */
export async function findUserKey(path: string): Promise<KeyBytes | undefined> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(noneOfThatName);
  if (file === undefined) return undefined;
  try {
    const { mode, size } = await file.stat().then((found) => {
      if (found.isFile() && found.size <= mostKeyBytes) return found;
      throw new UsageError(`${path} is ${found.isFile() ? 'larger than any key' : 'no file'}`, {
        code: 'not-a-key',
      });
    });
    const bytes = Buffer.alloc(size);
    const { bytesRead } = await file.read(bytes, 0, size, 0);
    const isWindows = process.platform === 'win32';
    return { bytes: bytes.subarray(0, bytesRead), mode: isWindows ? undefined : mode & 0o777 };
  } finally {
    await file.close();
  }
}

/** Files in which OpenSSH keeps public keys that are not the user's, and its configuration. */
const others = /^(known_hosts|authorized_keys|config)|-cert\.pub$|^\./;
const mostFiles = 2_000;

/** The paths in a folder at which keys may lie, in the order of their names; none when there is not a folder. */
export async function listKeyPaths(folder: string): Promise<readonly string[]> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(noneIfMissing)) ?? [];
  return entries
    .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && !others.test(entry.name))
    .map(({ name }) => join(folder, name))
    .sort()
    .slice(0, mostFiles);
}

/** Whether anything has the name, a link to nowhere too. */
export async function isTaken(path: string): Promise<boolean> {
  return (await lstat(path).catch(noneOfThatName)) !== undefined;
}

/** A name that is too long, such as a long one with `.pub` behind it, is no file's. */
function noneOfThatName(error: unknown): undefined {
  if (systemCode(error) !== 'ENAMETOOLONG') noneIfMissing(error);
}

/** Whether a key may take the name: nothing has it, or a regular file. */
export async function isReplaceable(path: string): Promise<boolean> {
  const found = await lstat(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENAMETOOLONG') throw nameTooLong(path, error);
    noneIfMissing(error);
  });
  return found === undefined || found.isFile();
}

/** What is added to a name, such as `.pub`, can make it longer than the disk takes. */
export function nameTooLong(path: string, cause: unknown): UsageError {
  return new UsageError(`${path} is too long for the name of a file here`, {
    code: 'name-too-long',
    hint: 'choose a shorter name with --output',
    details: { path },
    cause,
  });
}
