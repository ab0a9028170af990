/** `bai sftp sync`: makes one folder like another one, in one direction. */

import { withoutFinderFiles } from '../../core/sftp/finder-files.ts';
import type { PathFilter } from '../../core/sftp/path-filter.ts';
import { meansFolder, remoteName, remotePath } from '../../core/sftp/remote-path.ts';
import type { SyncEnds } from '../../core/sftp/sftp-target.ts';
import { planSync, type SyncPlan, type TreeListing } from '../../core/sftp/sync-plan.ts';
import type { TransferOptions } from '../../core/sftp/transfer-options.ts';
import type { TransferSummary } from '../../core/sftp/transfer-plan.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import { ConflictError, type ExitCode, NotFoundError, UsageError } from '../../errors.ts';
import type { RemoteFiles, TransferJob, TreeObserver } from '../../transfer/remote-files.ts';
import { type OpenedToWrite, openToWrite, withoutMounts } from './sftp-mounts.ts';
import { showPlan } from './sftp-plan.ts';
import { sameFiles } from './sftp-sync-compare.ts';
import { clashesOf, type PairedNames, pairNames } from './sftp-sync-names.ts';
import { localSide, type RemovalSide, remoteSide, removeAll } from './sftp-sync-remove.ts';
import { planView } from './sftp-sync-view.ts';
import type { SftpTools } from './sftp-tools.ts';
import { answerTransfer, runTransfer, type TransferAbout } from './sftp-transfer.ts';
import { listLocalTree, listRemoteTree } from './sftp-tree.ts';

interface SyncRequest extends SyncEnds {
  readonly delete: boolean;
  readonly dryRun: boolean;
  /** Files of equal size are compared by their bytes instead of their times. */
  readonly checksum: boolean;
  /** Its `preserve` keeps the times that the next run compares. */
  readonly options: TransferOptions;
  /** What takes part on macOS, in place of the filter in `options`. */
  readonly onMac?: PathFilter | undefined;
}

export async function syncFolders(written: SyncRequest, tools: SftpTools): Promise<ExitCode> {
  const { options, counting, said } = withoutFinderFiles(written.options, written.onMac, tools.local);
  const request = { ...written, local: tools.local.expandHome(written.local), options };
  if (written.delete) await refuseWholePlace(written, tools);
  await using opened = await openEnds(request, tools);
  const { files } = opened;
  if (request.delete && request.direction === 'put') await refuseHomeOverThere(request.remote.path, files);
  const { plan, names, source } = await makePlan(request, files, tools);
  for (const { path, kind } of source.entries) counting.accepts(path, kind === 'folder');
  const about: TransferAbout = {
    session: request.remote.session,
    reporter: tools.reporter,
    refused: plan.failed,
  };
  if (plan.keeps !== undefined) tools.reporter.warn(`nothing is removed: ${plan.keeps}`);
  const status = request.dryRun
    ? showPlan(plan, about)
    : await carryOut({ request, plan, names, about }, opened, tools);
  const leftOut = said();
  if (leftOut !== undefined) tools.reporter.info(leftOut);
  return status;
}

function openEnds({ direction, remote }: SyncRequest, tools: SftpTools): Promise<OpenedToWrite> {
  return openToWrite(remote, direction === 'put' ? tools : withoutMounts(tools));
}

/** As far as it shows before anything is opened. */
async function refuseWholePlace({ direction, local, remote }: SyncRequest, tools: SftpTools): Promise<void> {
  if (direction === 'get' && (await tools.local.holdsHome(tools.local.expandHome(local))))
    throw wholePlace(local);
  if (direction === 'put' && remoteName(remotePath(remote.path)) === undefined) throw wholePlace(remote.path);
}

/** By whatever path: the home also holds the keys that let bai in. */
async function refuseHomeOverThere(path: string, files: RemoteFiles): Promise<void> {
  const real = await undefinedIfMissing(files.realpath(remotePath(path)));
  if (real === undefined) return;
  const home = await files.realpath('.');
  if (home === real || home.startsWith(real.endsWith('/') ? real : `${real}/`)) throw wholePlace(path);
}

function wholePlace(path: string): UsageError {
  return new UsageError(`--delete does not clear a whole place such as "${path}"`, {
    hint: 'name a folder in it as the target',
  });
}

interface NamedPlan {
  readonly plan: SyncPlan;
  readonly names: PairedNames;
  readonly source: TreeListing;
}

async function makePlan(request: SyncRequest, files: RemoteFiles, tools: SftpTools): Promise<NamedPlan> {
  const { direction, local, remote, options } = request;
  const isPut = direction === 'put';
  const { accepts } = options;
  const [localTree, remoteTree] = await listBoth(request, files, tools);
  const names = await pairNames(
    { root: local, local: localTree, remote: remoteTree, direction },
    tools.local,
  );
  const trees = {
    local: { root: local, tree: names.local },
    remote: { root: remotePath(remote.path), tree: remoteTree },
    accepts,
    bytesPerSecond: options.bytesPerSecond,
    onlyDoubtful: !request.checksum,
  };
  const same = await sameFiles(trees, files, tools);
  const rules = { accepts, delete: request.delete, isBytewise: request.checksum, same };
  if (isPut) return { plan: planSync(names.local, remoteTree, rules), names, source: names.local };
  const disk = tools.local.naming(local, { mayWrite: !request.dryRun });
  const areOne = (one: string, other: string): Promise<boolean> => disk.areOne(one, other);
  const clashes = await clashesOf(remoteTree, names.local, { accepts, areOne });
  const plan = planSync(remoteTree, names.local, { ...rules, clashes });
  return { plan, names, source: remoteTree };
}

async function listBoth(
  { direction, local, remote, options: { accepts } }: SyncRequest,
  files: RemoteFiles,
  tools: SftpTools,
): Promise<[here: TreeListing, there: TreeListing]> {
  const isPut = direction === 'put';
  const here = async (): Promise<TreeListing> =>
    (await isLocalFolder(local, isPut, tools))
      ? await listLocalTree(local, tools.local, { accepts, follow: isPut })
      : nothing;
  const far = async (): Promise<TreeListing> =>
    (await isRemoteFolder(remote.path, !isPut, files))
      ? await listRemoteTree(remotePath(remote.path), files, {
          accepts,
          use: isPut ? 'there' : tools.local.isWindows ? 'on Windows' : 'here',
        })
      : nothing;
  return await Promise.all([here(), far()]);
}

const nothing: TreeListing = { entries: [], problems: [] };

async function isLocalFolder(path: string, isSource: boolean, { local }: SftpTools): Promise<boolean> {
  return checkFolder(path, (await local.stat(path))?.kind, isSource);
}

async function isRemoteFolder(path: string, isSource: boolean, files: RemoteFiles): Promise<boolean> {
  const kind = (await undefinedIfMissing(files.stat(path)))?.kind;
  return checkFolder(`${path} in the session`, kind, isSource);
}

function checkFolder(path: string, kind: string | undefined, isSource: boolean): boolean {
  if (kind === undefined && isSource) throw new NotFoundError(`there is not a folder ${path}`);
  if (kind !== undefined && kind !== 'folder') {
    throw new ConflictError(`${path} is a file, and sync takes folders`, { code: 'not-a-folder' });
  }
  return kind === 'folder';
}

interface Work {
  readonly request: SyncRequest;
  readonly plan: SyncPlan;
  readonly names: PairedNames;
  readonly about: TransferAbout;
}

async function carryOut(
  { request, plan, names, about }: Work,
  opened: OpenedToWrite,
  tools: SftpTools,
): Promise<ExitCode> {
  const { reporter } = tools;
  const { files } = opened;
  const outcome = await runTransfer(about, async (observer, progress) => {
    for (const problem of plan.skipped) progress.skipped(problem);
    progress.expect(
      plan.copies.length,
      plan.copies.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    return await opened.warning(observer, (watched) => copy({ request, plan, names, about }, files, watched));
  });
  const failed = outcome.summary.failed;
  // What was to take the place of the removed may be what failed.
  const mayRemove = failed.length === 0;
  if (!mayRemove && plan.removals.length > 0)
    reporter.warn('nothing is removed: not all of the source was copied');
  const removal = mayRemove
    ? await removeAll(plan.removals, removalSide(request, names, { files, tools }), tools)
    : none;
  for (const { path, reason } of plan.unknown) reporter.warn(`${sanitizeLine(path)}: not removed: ${reason}`);
  const summary = { ...outcome.summary, failed: [...failed, ...plan.unknown, ...removal.failed] };
  if (removal.removed > 0) reporter.info(`${removal.removed} removed`);
  return answerTransfer(about, { ...outcome, summary }, (result) =>
    reporter.result({ ...result, unchanged: plan.unchanged, removed: removal.removed }, ''),
  );
}

const none = { removed: 0, failed: [] };

/** One run of the engine, which takes of the source only what the plan names. */
async function copy(
  { request, plan, names }: Work,
  files: RemoteFiles,
  observer: TreeObserver,
): Promise<TransferSummary> {
  const { direction, local, remote, options } = request;
  const wanted = new Set(plan.copies.map(({ path }) => path));
  const folders = new Set(plan.folders);
  for (const path of [...wanted, ...plan.folders]) for (const above of foldersAbove(path)) folders.add(above);
  // An empty source makes a target that is not there.
  if (wanted.size + folders.size === 0 && plan.unchanged > 0)
    return { ...emptySummary, skipped: plan.skipped };
  // The name of the folder itself must not appear in the target.
  const source = direction === 'put' ? local : remote.path;
  const job: TransferJob = {
    sources: [source === '' || meansFolder(source) ? `${source}.` : `${source}/.`],
    target: direction === 'put' ? remotePath(remote.path) : local,
    recursive: true,
    // Put walks by the names that are here, get by those of the session.
    options: {
      ...options,
      accepts: (path, isFolder) => (isFolder ? folders : wanted).has(names.there(path)),
    },
  };
  const view = planView(plan, job.sources[0] ?? '');
  const shown = view.observe(observer);
  const summary = await (direction === 'put' ? files.put(job, shown) : files.get(job, shown));
  return {
    ...summary,
    undated: summary.undated.map(view.below),
    failed: summary.failed.filter(view.isNews),
    skipped: [...plan.skipped, ...summary.skipped.filter(view.isNews)],
  };
}

const emptySummary: TransferSummary = {
  files: 0,
  bytes: 0,
  failed: [],
  skipped: [],
  verified: 0,
  resumed: 0,
  byTar: 0,
  undated: [],
  retries: 0,
};

function foldersAbove(path: string): string[] {
  const names = path.split('/');
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'));
}

function removalSide(
  { direction, local, remote }: SyncRequest,
  names: PairedNames,
  { files, tools }: { readonly files: RemoteFiles; readonly tools: SftpTools },
): RemovalSide {
  if (direction === 'put') return remoteSide(remotePath(remote.path), files);
  const side = localSide(local, tools.local);
  return {
    place: (folder) => side.place(names.here(folder)),
    remove: (path) => side.remove(names.here(path)),
    removeFolder: (path) => side.removeFolder(names.here(path)),
  };
}
