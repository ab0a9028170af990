/** `bai sftp get`: files and folders of a session onto this machine. */

import { remoteName } from '../core/remote-path.ts';
import { sharedName } from '../core/transfer-plan.ts';
import { type ExitCode, UsageError } from '../errors.ts';
import type { SftpDeps } from './sftp-deps.ts';
import { reportTransfer } from './sftp-transfer.ts';

export interface GetRequest {
  readonly session: string;
  readonly paths: readonly string[];
  /** A local path; with a separator at its end, or for several sources, a folder. */
  readonly target: string;
  readonly recursive: boolean;
}

export async function getFiles(request: GetRequest, deps: SftpDeps): Promise<ExitCode> {
  const { session, paths, target, recursive } = request;
  const twice = sharedName(paths.map(remoteName));
  if (twice !== undefined) {
    throw new UsageError(`two of the sources are called "${twice}", so one would replace the other`, {
      hint: 'get them in two commands, into different folders',
    });
  }
  await using files = await deps.open(session);
  return await reportTransfer(session, deps.reporter, (observer) =>
    files.get({ sources: paths, target, recursive }, observer),
  );
}
