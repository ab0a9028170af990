/** `bai sftp mv`: gives a file or folder of a session another name. */

import { joinRemote, meansFolder, remoteName, remotePath } from '../../core/sftp/remote-path.ts';
import type { SftpTarget } from '../../core/sftp/sftp-target.ts';
import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import { ConflictError, UsageError } from '../../errors.ts';
import type { SftpTools } from './sftp-tools.ts';

interface MoveRequest extends SftpTarget {
  readonly newPath: string;
}

/** A folder at the new path, or a slash at its end, means "into it, under the same name". */
export async function moveFile(request: MoveRequest, tools: SftpTools): Promise<void> {
  const from = remotePath(request.path);
  const name = remoteName(from);
  if (name === undefined) throw new UsageError(`"${request.path}" cannot be renamed`);
  await using files = await tools.open(request.session);
  const target = remotePath(request.newPath);
  const isInto = (await undefinedIfMissing(files.stat(target)))?.kind === 'folder';
  if (!isInto && meansFolder(request.newPath)) {
    throw new ConflictError(`${target} is not a folder in the session`, { code: 'not-a-folder' });
  }
  const to = isInto ? joinRemote(target, name) : target;
  await files.rename(from, to);
  tools.reporter.result({ session: request.session, from, to }, '');
}
