/** Files and folders of this machine into the session: where each one goes. */

import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { joinRemote, meansFolder, remotePath } from '../core/remote-path.ts';
import { placeSource, type TransferTarget } from '../core/transfer-plan.ts';
import { NotFoundError } from '../errors.ts';
import { onThisMachine } from './local-error.ts';
import { putFile } from './put-file.ts';
import { putTree } from './put-tree.ts';
import { openRemoteFolder } from './remote-folder.ts';
import { eachSource, folderError, type TransferJob } from './transfer-job.ts';
import type { TransferRun } from './transfer-run.ts';

export async function putSources(job: TransferJob, run: TransferRun): Promise<void> {
  const path = remotePath(job.target);
  const isFolder = job.sources.length > 1 || meansFolder(job.target);
  await eachSource(job, run.tally, async (source) => {
    const target: TransferTarget = { path, state: await remoteState(path, run), meansFolder: isFolder };
    await putSource(source, { target, recursive: job.recursive }, run);
  });
}

interface Destination {
  readonly target: TransferTarget;
  readonly recursive: boolean;
}

async function putSource(
  source: string,
  { target, recursive }: Destination,
  run: TransferRun,
): Promise<void> {
  const isFolder = (await onThisMachine('read', source, stat(source))).isDirectory();
  if (isFolder && !recursive) throw folderError(source);
  const placement = placeSource(
    { path: source, name: localName(source), kind: isFolder ? 'folder' : 'file' },
    target,
  );
  const isInside = placement.place === 'inside';
  if (isInside && placement.createFolder) await openRemoteFolder(target.path, run.requests);
  const remote = isInside ? joinRemote(target.path, placement.name) : target.path;
  if (isFolder) await putTree({ local: source, remote }, run);
  else await putFile({ local: source, remote }, run);
}

function localName(path: string): string | undefined {
  const name = basename(path);
  return name === '' || name === '.' || name === '..' ? undefined : name;
}

async function remoteState(path: string, { requests }: TransferRun): Promise<TransferTarget['state']> {
  try {
    return (await requests.stat(path)).kind === 'folder' ? 'folder' : 'file';
  } catch (error) {
    if (error instanceof NotFoundError) return 'missing';
    throw error;
  }
}
