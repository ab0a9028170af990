/** Folders of the session. */

import { ConflictError } from '../../errors.ts';
import { isRefusal, SftpStatus, sftpStatus } from '../engine/sftp-error.ts';
import type { SftpRequests } from '../engine/sftp-requests.ts';

/** Throws ConflictError when something is there already. */
export async function makeRemoteFolder(path: string, requests: SftpRequests): Promise<void> {
  try {
    await requests.mkdir(path);
  } catch (error) {
    // SFTP 3 has no status of its own for "exists".
    if (sftpStatus(error) !== SftpStatus.failure || !(await isThere(path, requests))) throw error;
    throw new ConflictError(`${path} already exists in the session`, { code: 'exists', cause: error });
  }
}

/** Makes the folder unless it is there; links to folders count as such. Says which it was. */
export async function openRemoteFolder(path: string, requests: SftpRequests): Promise<'made' | 'found'> {
  try {
    await requests.mkdir(path);
    return 'made';
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const kind = await requests.stat(path).then((attributes) => attributes.kind, noneIfRefused);
    if (kind === 'folder') return 'found';
    if (kind === undefined) throw error;
    throw new ConflictError(`${path} in the session is a file, not a folder`, { code: 'not-a-folder' });
  }
}

async function isThere(path: string, requests: SftpRequests): Promise<boolean> {
  return (await requests.lstat(path).catch(noneIfRefused)) !== undefined;
}

/** For a look after a refusal, which says more than another one. */
function noneIfRefused(error: unknown): undefined {
  if (!isRefusal(error)) throw error;
}
