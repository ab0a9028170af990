/** `bai sftp rm`: removes files, and whole folders with -r, from a session. Links are removed, never followed. */

import { joinRemote, remoteName, remoteNameProblem, remotePath } from '../../core/sftp/remote-path.ts';
import type { SftpPaths } from '../../core/sftp/sftp-target.ts';
import type { TransferProblem } from '../../core/sftp/transfer-plan.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import {
  BaiError,
  ExitCode,
  ProtocolError,
  TransferError,
  UnreachableError,
  UsageError,
} from '../../errors.ts';
import type { RemoteFiles } from '../../transfer/remote-files.ts';
import type { SftpTools } from './sftp-tools.ts';

interface RemoveRequest extends SftpPaths {
  readonly recursive: boolean;
}

interface Removal {
  readonly files: RemoteFiles;
  readonly tools: SftpTools;
  removed: number;
  readonly failed: TransferProblem[];
}

export async function removeFiles(request: RemoveRequest, tools: SftpTools): Promise<ExitCode> {
  for (const path of request.paths) refuseWholePlaces(path);
  await using files = await tools.open(request.session);
  const removal: Removal = { files, tools, removed: 0, failed: [] };
  const paths = request.paths.map(remotePath);
  const [only] = paths;
  if (only !== undefined && paths.length === 1) await removeOne(only, request.recursive, removal);
  else
    for (const path of paths) await attempt(path, removal, () => removeOne(path, request.recursive, removal));
  const { removed, failed } = removal;
  tools.reporter.result({ session: request.session, removed, failed }, '');
  return failed.length === 0 ? ExitCode.ok : ExitCode.failure;
}

/** The home, `/`, `.` and `..` are a slip of the hand more often than a wish. */
function refuseWholePlaces(path: string): void {
  if (remoteName(remotePath(path)) !== undefined) return;
  throw new UsageError(`"${path}" is a whole place rather than a file or folder in it`, {
    hint: 'name what should be removed',
  });
}

async function removeOne(path: string, recursive: boolean, removal: Removal): Promise<void> {
  const { kind } = await removal.files.lstat(path);
  if (kind !== 'folder') {
    await removal.files.remove(path);
    removal.removed += 1;
  } else if (recursive) {
    await removeTree(path, removal);
  } else {
    throw new TransferError(`${path} is a folder`, {
      code: 'is-folder',
      hint: 'add -r to remove whole folders',
    });
  }
}

/** The names are read first: some servers lose their place in a listing when files go meanwhile. */
async function removeTree(folder: string, removal: Removal): Promise<void> {
  const before = removal.failed.length;
  const names: string[] = [];
  for await (const { name } of removal.files.list(folder)) names.push(name);
  for (const name of names) {
    const path = joinRemote(folder, name);
    const problem = remoteNameProblem(name);
    if (problem === undefined) await attempt(path, removal, () => removeOne(path, true, removal));
    else note(path, new ProtocolError(problem, { code: 'refused-name' }), removal);
  }
  // What could not be removed keeps its folders; saying so once is enough.
  if (removal.failed.length > before) return;
  await removal.files.removeFolder(folder);
  removal.removed += 1;
}

async function attempt(path: string, removal: Removal, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    const isFatal =
      !(error instanceof BaiError) || error instanceof UnreachableError || removal.tools.signal.aborted;
    if (isFatal) throw error;
    note(path, error, removal);
  }
}

function note(path: string, error: BaiError, { failed, tools }: Removal): void {
  failed.push({ path, reason: sanitizeLine(error.message), code: error.code });
  tools.reporter.warn(`${sanitizeLine(path)}: not removed: ${sanitizeLine(error.message)}`);
}
