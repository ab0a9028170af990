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

/** A link is followed to the file it means. Throws ConflictError for a folder. */
export async function findRemoteTarget(requests: SftpRequests, written: string): Promise<RemoteTarget> {
  const [old, named] = await Promise.all([
    unlessMissing(requests.stat(written)),
    unlessMissing(requests.lstat(written)),
  ]);
  if (old?.kind === 'folder') {
    throw new ConflictError(`${written} is a folder in the session`, { code: 'is-folder' });
  }
  const isLink = old !== undefined && named?.kind === 'link';
  return { path: isLink ? await requests.realpath(written) : written, old };
}
