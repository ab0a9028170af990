/** Files and folders of this machine into the session: where each one goes. */

import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { joinRemote, meansFolder, remoteFolder, remotePath } from '../../core/sftp/remote-path.ts';
import { placeSource, type TransferTarget } from '../../core/sftp/transfer-plan.ts';
import { onThisMachine } from '../../files/local-error.ts';
import type { RemoteAttributes } from '../engine/remote-attributes.ts';
import { eachSource, folderError, type TransferJob } from '../engine/transfer-job.ts';
import { dropPartAhead } from '../remote/part-ahead.ts';
import { openRemoteFolder, planRemoteFolder, requireRemoteFolder } from '../remote/remote-folder.ts';
import type { TransferRun } from '../tar/transfer-run.ts';
import { askOfTarget, putFile } from './put-file.ts';
import { putTree } from './put-tree.ts';

export async function putSources(job: TransferJob, run: TransferRun): Promise<void> {
  const path = remotePath(job.target);
  const isFolder = job.sources.length > 1 || meansFolder(job.target);
  try {
    await eachSource(job, run.stats, (source) =>
      putSource(source, { path, isFolder, recursive: job.recursive }, run),
    );
  } finally {
    await dropPartAhead(run.pool.lanes);
  }
}

interface Destination {
  readonly path: string;
  /** The spelling, or the number of sources, asks for a folder. */
  readonly isFolder: boolean;
  readonly recursive: boolean;
}

async function putSource(
  source: string,
  { path, isFolder: meansFolder, recursive }: Destination,
  run: TransferRun,
): Promise<void> {
  const attributes = await onThisMachine('read', source, stat(source));
  const isFolder = attributes.isDirectory();
  if (isFolder && !recursive) throw folderError(source);
  const size = isFolder ? 0 : attributes.size;
  // So that further channels open while the target is looked for.
  run.pool.expect(size);
  const asked = askOfTarget(path, { size }, run);
  const { old } = await asked.look.finally(() => run.pool.expect(-size));
  const placement = placeSource(
    { path: source, name: localName(source), kind: isFolder ? 'folder' : 'file' },
    { path, state: stateOf(old), meansFolder },
  );
  const isInside = placement.place === 'inside';
  if (isInside && placement.createFolder) await makeFolder(path, run);
  const remote = isInside ? joinRemote(path, placement.name) : path;
  if (isFolder) await putTree({ local: source, remote }, run);
  else {
    const { plan, requests } = run;
    if (plan !== undefined) await requireRemoteFolder(remoteFolder(remote), { requests, plan });
    const file = { local: source, remote, asked: isInside ? undefined : asked };
    await run.pool.fewer.run(() => putFile(file, run));
  }
}

async function makeFolder(path: string, { requests, plan }: TransferRun): Promise<void> {
  await (plan === undefined ? openRemoteFolder(path, requests) : planRemoteFolder(path, { requests, plan }));
}

function localName(path: string): string | undefined {
  const name = basename(path);
  return name === '' || name === '.' || name === '..' ? undefined : name;
}

function stateOf(found: RemoteAttributes | undefined): TransferTarget['state'] {
  if (found === undefined) return 'missing';
  return found.kind === 'folder' ? 'folder' : 'file';
}
