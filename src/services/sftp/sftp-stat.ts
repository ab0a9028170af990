/** `bai sftp stat`: what a session says about one file, links not followed. */

import { remotePath } from '../../core/sftp/remote-path.ts';
import type { SftpTarget } from '../../core/sftp/sftp-target.ts';
import { shownTime } from '../../core/text/shown-time.ts';
import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import { describeEntry, modeText } from './sftp-entry.ts';
import type { SftpTools } from './sftp-tools.ts';

export async function statFile(request: SftpTarget, tools: SftpTools): Promise<void> {
  await using files = await tools.open(request.session);
  const path = remotePath(request.path);
  const attributes = await files.lstat(path);
  const { name: _, ...entry } = describeEntry({ name: path, attributes });
  // A link that leads nowhere still has its own attributes.
  const realPath = await undefinedIfMissing(files.realpath(path));
  tools.reporter.result({ session: request.session, path, realPath, ...entry }, [
    `path      ${path}`,
    `real path ${realPath ?? '-'}`,
    `kind      ${entry.kind}`,
    `size      ${entry.size ?? '-'}`,
    `mode      ${entry.mode ?? '-'} ${modeText(attributes)}`,
    `owner     ${entry.uid ?? '-'}:${entry.gid ?? '-'}`,
    `modified  ${shownTime(entry.modifiedAt ?? '-')}`,
  ]);
}
