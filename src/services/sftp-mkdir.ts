/** `bai sftp mkdir`: folders in a session. */

import { remoteAncestors, remotePath } from '../core/remote-path.ts';
import type { SftpPaths } from '../core/sftp-target.ts';
import { DeniedError, NotFoundError } from '../errors.ts';
import type { RemoteFiles } from '../transfer/remote-files.ts';
import type { SftpDeps } from './sftp-deps.ts';

export interface MkdirRequest extends SftpPaths {
  /** Folders above are made too, and what is there already is fine. */
  readonly parents: boolean;
}

export async function makeFolders(request: MkdirRequest, deps: SftpDeps): Promise<void> {
  const paths = request.paths.map(remotePath);
  await using files = await deps.open(request.session);
  const created: string[] = [];
  for (const path of paths) {
    for (const step of request.parents ? remoteAncestors(path) : [path]) {
      if (await makeFolder(step, request.parents, files)) created.push(step);
    }
  }
  deps.reporter.result({ session: request.session, created }, '');
}

async function makeFolder(path: string, canExist: boolean, files: RemoteFiles): Promise<boolean> {
  try {
    await files.mkdir(path);
    return true;
  } catch (error) {
    if (canExist && (await isFolder(path, files))) return false;
    throw error;
  }
}

/** Asked after any refusal: a server may also deny making a folder that is there, such as `/home`. */
async function isFolder(path: string, files: RemoteFiles): Promise<boolean> {
  try {
    return (await files.stat(path)).kind === 'folder';
  } catch (error) {
    // A lost connection and Ctrl-C say nothing about the folder.
    if (error instanceof NotFoundError || error instanceof DeniedError) return false;
    throw error;
  }
}
