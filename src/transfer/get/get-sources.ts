/** Files and folders of the session onto this machine: where each one goes. */

import { join } from 'node:path';
import { entryNameProblem, remoteName, remotePath } from '../../core/sftp/remote-path.ts';
import { placeSource, type TransferTarget } from '../../core/sftp/transfer-plan.ts';
import { TransferError, UsageError } from '../../errors.ts';
import { eachSource, folderError, type TransferJob } from '../engine/transfer-job.ts';
import {
  behindNamedLink,
  isWindows,
  localState,
  openFolderWithin,
  openLocalFolder,
  withoutTrailingSeparators,
} from '../local/local-folder.ts';
import { NameFolding } from '../local/name-folding.ts';
import { checkSource } from '../remote/remote-source.ts';
import type { TransferRun } from '../tar/transfer-run.ts';
import { CaseCollisions } from './case-collisions.ts';
import { getFile } from './get-file.ts';
import { getTree } from './get-tree.ts';

export async function getSources(job: TransferJob, run: TransferRun): Promise<void> {
  const path = withoutTrailingSeparators(job.target);
  const isFolder = job.sources.length > 1 || path !== job.target;
  const names = new CaseCollisions(new NameFolding(path, { mayWrite: run.plan === undefined }));
  await eachSource(job, run.stats, async (source) => {
    const target: TransferTarget = { path, state: await localState(path), meansFolder: isFolder };
    await getSource(source, { target, recursive: job.recursive, names }, run);
  });
}

interface Destination {
  readonly target: TransferTarget;
  readonly recursive: boolean;
  /** Of the sources, in the target. */
  readonly names: CaseCollisions;
}

async function getSource(
  source: string,
  { target, recursive, names }: Destination,
  run: TransferRun,
): Promise<void> {
  const remote = remotePath(source);
  const found = await run.requests.stat(remote);
  const isFolder = found.kind === 'folder';
  if (isFolder && !recursive) throw folderError(source);
  if (!isFolder) checkSource(remote, found);
  const placement = placeSource(
    { path: source, name: remoteName(source), kind: isFolder ? 'folder' : 'file' },
    target,
  );
  if (placement.place === 'inside') await checkName(placement.name, names);
  if (isFolder) {
    const root = await openLocalFolder(target.path, run.plan);
    const local =
      placement.place === 'inside'
        ? await openFolderWithin(root, { parent: root, name: placement.name }, run.plan)
        : root;
    await getTree({ remote, local }, run);
    return;
  }
  if (placement.place === 'inside' && placement.createFolder) await openLocalFolder(target.path, run.plan);
  // Only a link that the user named as the target is meant for what it leads to.
  const local =
    placement.place === 'inside' ? join(target.path, placement.name) : await behindNamedLink(target.path);
  await run.pool.fewer.run(() => getFile({ local, remote, expected: found.size }, run));
}

/** The user wrote this name, but for the session's file system rather than for this one. */
async function checkName(name: string, names: CaseCollisions): Promise<void> {
  const problem = entryNameProblem(name, isWindows);
  if (problem !== undefined) {
    throw new UsageError(`"${name}" is not a valid local file name: ${problem}`, {
      hint: 'write the local file name as the last argument',
    });
  }
  const clash = await names.problem(name);
  if (clash !== undefined) throw new TransferError(clash, { code: 'refused-name' });
}
