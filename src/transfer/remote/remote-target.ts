/** The file of the session that a put is meant for. */

import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import { ConflictError, TransferError } from '../../errors.ts';
import type { RemoteAttributes } from '../engine/remote-attributes.ts';
import type { SftpRequests } from '../engine/sftp-requests.ts';

export interface RemoteTarget {
  readonly path: string;
  /** The file that is replaced. */
  readonly old: RemoteAttributes | undefined;
}

/** What has a name in the session: behind a link, and the name itself; nothing where there is nothing. */
export interface TargetLook {
  readonly old: RemoteAttributes | undefined;
  readonly named: RemoteAttributes | undefined;
}

export async function lookAtTarget(requests: SftpRequests, path: string): Promise<TargetLook> {
  const [old, named] = await Promise.all([
    undefinedIfMissing(requests.stat(path)),
    undefinedIfMissing(requests.lstat(path)),
  ]);
  return { old, named };
}

/** A link is followed to the file it means. Throws a BaiError for anything but a regular file. */
export async function findRemoteTarget(
  requests: SftpRequests,
  written: string,
  look = lookAtTarget(requests, written),
): Promise<RemoteTarget> {
  const { old, named } = await look;
  if (old === undefined && named?.kind === 'link') throw notAFileError(written, 'a link that leads nowhere');
  checkKind(written, old);
  const isLink = old !== undefined && named?.kind === 'link';
  return { path: isLink ? await requests.realpath(written) : written, old };
}

/**
 * Throws a BaiError unless a regular file, or nothing, has the name by now. For the moment before a rename, which replaces
 * whatever it finds.
 */
export async function checkRemoteTarget(requests: SftpRequests, path: string): Promise<void> {
  const found = await undefinedIfMissing(requests.lstat(path));
  if (found?.kind === 'link') throw notAFileError(path, 'a link by now');
  checkKind(path, found);
}

/** Some servers tell no kinds. */
function checkKind(path: string, found: RemoteAttributes | undefined): void {
  if (found?.kind === 'folder') {
    throw new ConflictError(`${path} is a folder in the session`, { code: 'is-folder' });
  }
  if (found?.kind === 'other') throw notAFileError(path);
}

export function notAFileError(path: string, kind = 'a pipe, a socket or a device'): TransferError {
  return new TransferError(`${path} in the session is ${kind}, not a regular file`, {
    code: 'not-a-file',
    hint: 'choose another name, or remove it with `bai sftp rm`',
  });
}
