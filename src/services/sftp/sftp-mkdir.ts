/** `bai sftp mkdir`: folders in a session. */

import { remoteAncestors, remotePath } from '../../core/sftp/remote-path.ts';
import type { SftpPaths } from '../../core/sftp/sftp-target.ts';
import { DeniedError, ExitCode, NotFoundError } from '../../errors.ts';
import type { RemoteFiles } from '../../transfer/remote-files.ts';
import { eachPath } from './each-path.ts';
import type { SftpTools } from './sftp-tools.ts';

interface MkdirRequest extends SftpPaths {
  /** Folders above are made too, and what is there already is fine. */
  readonly parents: boolean;
}

/** Each path on its own: one that cannot be made leaves none of the others out. */
export async function makeFolders(request: MkdirRequest, tools: SftpTools): Promise<ExitCode> {
  const paths = request.paths.map(remotePath);
  await using files = await tools.open(request.session);
  const created: string[] = [];
  const make = async (path: string): Promise<void> => {
    for (const step of request.parents ? remoteAncestors(path) : [path])
      if (await makeFolder(step, request.parents, files)) created.push(step);
  };
  const failed = await eachPath(paths, { what: 'not made', step: make }, tools);
  tools.reporter.result({ session: request.session, created, ...(failed.length > 0 && { failed }) }, '');
  return failed.length === 0 ? ExitCode.ok : ExitCode.failure;
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
