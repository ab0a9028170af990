/** `bai sftp put`: files and folders of this machine into a session. */

import { withoutFinderFiles } from '../../core/sftp/finder-files.ts';
import type { NewPart } from '../../core/sftp/look-ahead.ts';
import type { PathFilter } from '../../core/sftp/path-filter.ts';
import { meansFolder, remoteFolder, remoteName, remotePath } from '../../core/sftp/remote-path.ts';
import type { SftpTarget } from '../../core/sftp/sftp-target.ts';
import type { TransferOptions } from '../../core/sftp/transfer-options.ts';
import { typed } from '../../core/text/typed.ts';
import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import { type ExitCode, NotFoundError, RetoldError, UsageError } from '../../errors.ts';
import type { RemoteFiles } from '../../transfer/remote-files.ts';
import { localMeasure, measure } from './sftp-measure.ts';
import { openToWrite } from './sftp-mounts.ts';
import { planTransfer } from './sftp-plan.ts';
import { expandLocal, refuseSharedNames } from './sftp-sources.ts';
import type { SftpTools } from './sftp-tools.ts';
import { reportTransfer } from './sftp-transfer.ts';

interface PutRequest {
  /** Paths or patterns; an only `-` is what comes in on stdin. */
  readonly sources: readonly string[];
  readonly target: SftpTarget;
  readonly recursive: boolean;
  /** What would be done is the answer, and nothing is. */
  readonly dryRun?: boolean;
  readonly options: TransferOptions;
  /** What of folders takes part on macOS, in place of the filter in `options`. */
  readonly onMac?: PathFilter | undefined;
}

export async function putFiles(request: PutRequest, tools: SftpTools): Promise<ExitCode> {
  const { target, recursive } = request;
  if (request.sources.includes('-')) return putStream(request, tools);
  const written = request.sources.map((source) => tools.local.expandHome(source));
  const sources = await expandLocal(written, tools.local);
  const names = sources.map((path) => localName(path, tools));
  if (sources.length > 1) refuseSharedNames(names);
  // How a folder goes depends on the line, of which the first answers tell.
  const part = await likelyPart(request, sources, tools);
  await using opened = await openToWrite({ ...target, names, looksFirst: !recursive, part }, tools);
  const { options, counting, said } = withoutFinderFiles(request.options, request.onMac, tools.local);
  const about = { session: target.session, reporter: tools.reporter };
  const job = { sources, target: target.path, recursive, options: counting };
  const status = request.dryRun
    ? await planTransfer(about, (plan, observer) => opened.files.put({ ...job, plan }, observer))
    : await namingFolder(target, opened.files, () =>
        reportTransfer(about, async (observer, progress) => {
          using _measuring = measure({ sources, recursive, options }, localMeasure(tools.local), progress);
          return await opened.warning(observer, (watched) => opened.files.put(job, watched));
        }),
      );
  const leftOut = said();
  if (leftOut !== undefined) tools.reporter.info(leftOut);
  return status;
}

/** What the server says is missing is a name that bai has made up, or the last of several folders. */
async function namingFolder<T>(
  { session, path }: SftpTarget,
  files: Pick<RemoteFiles, 'stat'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const folder = meansFolder(path) ? remotePath(path) : remoteFolder(remotePath(path));
    if (!(error instanceof NotFoundError) || (await undefinedIfMissing(files.stat(folder))) !== undefined)
      throw error;
    throw new RetoldError(error, `there is no folder ${folder} in session ${session}`, {
      hint: `\`${typed(['bai', 'sftp', 'mkdir', '-p', `${session}:${folder}`])}\` makes it`,
      details: error.details,
    });
  }
}

/** For one small file whose target is told with its name, which is likely to be no folder. */
async function likelyPart(
  { target, recursive, dryRun, options }: PutRequest,
  [source, ...others]: readonly string[],
  { local, partAhead }: SftpTools,
): Promise<NewPart | undefined> {
  const isOne = source !== undefined && others.length === 0 && !recursive && !dryRun;
  if (!isOne || partAhead === undefined || meansFolder(target.path)) return undefined;
  const found = await local.stat(source);
  return found?.kind === 'file' ? partAhead(remotePath(target.path), found, options) : undefined;
}

async function putStream(
  { sources, target, dryRun, options }: PutRequest,
  tools: SftpTools,
): Promise<ExitCode> {
  if (sources.length > 1) throw new UsageError('"-" is stdin, and stands alone');
  if (dryRun) throw new UsageError('--dry-run says nothing of "-": stdin is known only when it is read');
  if (meansFolder(target.path) || remoteName(remotePath(target.path)) === undefined) throw namelessError();
  await using opened = await openToWrite(target, tools);
  const { files } = opened;
  if ((await undefinedIfMissing(files.stat(target.path)))?.kind === 'folder') throw namelessError();
  const job = { source: tools.stdin, name: '-', remote: target.path, options };
  return await namingFolder(target, files, () =>
    reportTransfer({ session: target.session, reporter: tools.reporter }, (observer) =>
      opened.warning(observer, (watched) => files.putStream(job, watched)),
    ),
  );
}

function namelessError(): UsageError {
  return new UsageError('what comes from stdin has no name', {
    hint: 'write the name of the target file too, for example: … | bai sftp put - demo:data.tar',
  });
}

function localName(path: string, { local }: SftpTools): string | undefined {
  return remoteName(local.isWindows ? path.replaceAll('\\', '/') : path);
}
