/** `bai sftp put`: files and folders of this machine into a session. */

import type { SftpTarget } from '../core/sftp-target.ts';
import type { ExitCode } from '../errors.ts';
import type { SftpDeps } from './sftp-deps.ts';
import { reportTransfer } from './sftp-transfer.ts';

export interface PutRequest {
  readonly sources: readonly string[];
  readonly target: SftpTarget;
  readonly recursive: boolean;
}

export async function putFiles(request: PutRequest, deps: SftpDeps): Promise<ExitCode> {
  const { sources, target, recursive } = request;
  await using files = await deps.open(target.session);
  return await reportTransfer(target.session, deps.reporter, (observer) =>
    files.put({ sources, target: target.path, recursive }, observer),
  );
}
