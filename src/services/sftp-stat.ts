/** `bai sftp stat`: what a session says about one file, links not followed. */

import { remotePath } from '../core/remote-path.ts';
import type { SftpTarget } from '../core/sftp-target.ts';
import { NotFoundError } from '../errors.ts';
import type { RemoteFiles } from '../transfer/remote-files.ts';
import type { SftpDeps } from './sftp-deps.ts';
import { describeEntry, modeText } from './sftp-entry.ts';

export async function statFile(request: SftpTarget, deps: SftpDeps): Promise<void> {
  await using files = await deps.open(request.session);
  const path = remotePath(request.path);
  const attributes = await files.lstat(path);
  const { name: _, ...entry } = describeEntry({ name: path, attributes });
  const realPath = await findRealPath(path, files);
  deps.reporter.result({ session: request.session, path, realPath, ...entry }, [
    `path      ${path}`,
    `real path ${realPath ?? '-'}`,
    `kind      ${entry.kind}`,
    `size      ${entry.size ?? '-'}`,
    `mode      ${entry.mode ?? '-'} ${modeText(attributes)}`,
    `owner     ${entry.uid ?? '-'}:${entry.gid ?? '-'}`,
    `modified  ${entry.modifiedAt ?? '-'}`,
  ]);
}

/** Where a link leads; one that leads nowhere still has its own attributes. */
async function findRealPath(path: string, files: RemoteFiles): Promise<string | undefined> {
  try {
    return await files.realpath(path);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
