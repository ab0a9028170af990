/** Folders of the session. */

import type { DryRun } from '../../core/sftp/dry-run.ts';
import { remoteFolder } from '../../core/sftp/remote-path.ts';
import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
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
    throw notAFolderError(path);
  }
}

/** As `openRemoteFolder`, for a plan: nothing is made. */
export async function planRemoteFolder(
  path: string,
  { requests, plan }: { readonly requests: SftpRequests; readonly plan: DryRun },
): Promise<'made' | 'found'> {
  if (plan.hasFolder(path)) return 'made';
  const kind = (await undefinedIfMissing(requests.stat(path)))?.kind;
  if (kind === 'folder') return 'found';
  if (kind !== undefined) throw notAFolderError(path);
  await requireRemoteFolder(remoteFolder(path), { requests, plan });
  plan.addFolder(path);
  return 'made';
}

/** Throws unless what is to be put into it could be. */
export async function requireRemoteFolder(
  path: string,
  { requests, plan }: { readonly requests: SftpRequests; readonly plan: DryRun },
): Promise<void> {
  if (plan.hasFolder(path)) return;
  const { kind } = await requests.stat(path);
  if (kind !== 'folder') throw notAFolderError(path);
}

function notAFolderError(path: string): ConflictError {
  return new ConflictError(`${path} in the session is a file, not a folder`, { code: 'not-a-folder' });
}

async function isThere(path: string, requests: SftpRequests): Promise<boolean> {
  return (await requests.lstat(path).catch(noneIfRefused)) !== undefined;
}

/** For a look after a refusal, which says more than another one. */
function noneIfRefused(error: unknown): undefined {
  if (!isRefusal(error)) throw error;
}
