/** A rename in the session that replaces what has the new name. */

import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import { TransferError } from '../../errors.ts';
import type { PooledChannel } from '../engine/pooled-channel.ts';
import { SftpStatus, sftpStatus } from '../engine/sftp-error.ts';
import type { SftpRequests } from '../engine/sftp-requests.ts';
import { notAFileError } from './remote-target.ts';

/** Code of the failure after which `from` is the only copy that is left. */
export const onlyCopy = 'not-renamed';

/** For a rename that the user asked for: a file of the new name is replaced; a link, a pipe or a device never. */
export async function renameRemote(
  { requests, cleanup }: PooledChannel,
  from: string,
  to: string,
): Promise<void> {
  const found = await undefinedIfMissing(requests.lstat(to));
  if (found?.kind === 'link') throw notAFileError(to, 'a link');
  if (found?.kind === 'other') throw notAFileError(to);
  // Not to be interrupted: it may take two steps.
  await replaceRemote(cleanup, from, to);
}

/**
 * One step where the server offers `posix-rename@openssh.com`. Without it the old file has to go first, so for
 * a moment nothing has the name; when the rename fails then, the error's code is `onlyCopy`.
 */
export async function replaceRemote(requests: SftpRequests, from: string, to: string): Promise<void> {
  if (requests.offers('posix-rename@openssh.com')) return requests.posixRename(from, to);
  try {
    await requests.rename(from, to);
  } catch (error) {
    if (sftpStatus(error) !== SftpStatus.failure || !(await isReplaceable(requests, to))) throw error;
    await requests.remove(to);
    await renameOnlyCopy(requests, from, to);
  }
}

async function renameOnlyCopy(requests: SftpRequests, from: string, to: string): Promise<void> {
  try {
    await requests.rename(from, to);
  } catch (error) {
    throw new TransferError(`${to} was removed to make room, but ${from} could not be given its name`, {
      code: onlyCopy,
      hint: 'the file is whole: rename it with bai sftp mv',
      cause: error,
    });
  }
}

async function isReplaceable(requests: SftpRequests, path: string): Promise<boolean> {
  try {
    const { kind } = await requests.lstat(path);
    return kind !== 'folder' && kind !== 'other';
  } catch (error) {
    if (sftpStatus(error) === SftpStatus.noSuchFile) return false;
    throw error;
  }
}
