/** The file of the session that a put is meant for. */

import { unlessMissing } from '../core/unless-missing.ts';
import { ConflictError } from '../errors.ts';
import type { RemoteAttributes } from './remote-attributes.ts';
import type { SftpRequests } from './sftp-requests.ts';

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
    unlessMissing(requests.stat(path)),
    unlessMissing(requests.lstat(path)),
  ]);
  return { old, named };
}

/** A link is followed to the file it means. Throws ConflictError for a folder. */
export async function findRemoteTarget(
  requests: SftpRequests,
  written: string,
  look = lookAtTarget(requests, written),
): Promise<RemoteTarget> {
  const { old, named } = await look;
  if (old?.kind === 'folder') {
    throw new ConflictError(`${written} is a folder in the session`, { code: 'is-folder' });
  }
  const isLink = old !== undefined && named?.kind === 'link';
  return { path: isLink ? await requests.realpath(written) : written, old };
}
