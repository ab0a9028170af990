/** A folder of this machine into the session. */

import { stat as statFolder } from 'node:fs/promises';
import { join } from 'node:path';
import { joinRemote } from '../../core/sftp/remote-path.ts';
import { isUnfinished, unfinishedReason } from '../../core/sftp/transfer-plan.ts';
import { TransferError } from '../../errors.ts';
import { onThisMachine } from '../../files/local-error.ts';
import { eachFolder } from '../local/each-folder.ts';
import { stat } from '../local/local-disk.ts';
import { readLocalNames } from '../local/local-names.ts';
import { openRemoteFolder, planRemoteFolder } from '../remote/remote-folder.ts';
import { TarBatches } from '../tar/tar-batches.ts';
import type { TransferRun } from '../tar/transfer-run.ts';
import { putByTar, type SentFile } from './put-by-tar.ts';
import { putFile } from './put-file.ts';
import { namesThere } from './same-names-there.ts';

/** A folder above, by what it is rather than by its name: links to folders are followed, and may lead back. */
interface Ancestor {
  readonly id: string;
  readonly above: Ancestor | undefined;
}

interface SentFolder {
  readonly local: string;
  readonly remote: string;
  readonly above: Ancestor | undefined;
  /** Below the top, with a slash at its end; empty for the top itself. */
  readonly relative: string;
}

interface Walk {
  readonly add: (folder: SentFolder) => void;
  readonly batches: TarBatches<SentFile>;
}

/** Links to files and folders are followed, as `scp -r` does; special files fail, as there. */
export async function putTree(top: { local: string; remote: string }, run: TransferRun): Promise<void> {
  const batches = new TarBatches<SentFile>(run, {
    move: (files) => putByTar(files, top.remote, run),
    moveOne: (file) => run.stats.attempt(file.local, () => run.pool.fewer.run(() => putFile(file, run))),
  });
  const first: SentFolder = { ...top, above: undefined, relative: '' };
  await eachFolder(first, (folder, add) =>
    run.stats.attempt(folder.local, () => putFolder(folder, { add, batches }, run)),
  );
  await batches.flush();
}

async function putFolder(folder: SentFolder, { add, batches }: Walk, run: TransferRun): Promise<void> {
  const { pool, stats, options } = run;
  const self = await identify(folder);
  const isInNewFolder = (await openFolder(folder.remote, run)) === 'made';
  const names = await pool.fewer.run(() => onThisMachine('read', folder.local, readLocalNames(folder.local)));
  const there = isInNewFolder ? undefined : await namesThere(names, folder, run);
  for (const { name, problem } of names) {
    const remoteName = there?.get(name) ?? name;
    const paths = { local: join(folder.local, name), remote: joinRemote(folder.remote, remoteName) };
    const relative = folder.relative + name;
    await stats.attempt(paths.local, async () => {
      if (problem !== undefined) {
        if (options.accepts(relative, false)) stats.fail(paths.local, problem, 'refused-name');
        return;
      }
      const attributes = await onThisMachine('read', paths.local, stat(paths.local));
      if (!options.accepts(relative, attributes.isDirectory())) return;
      if (isUnfinished(name)) return stats.skip(paths.local, unfinishedReason, 'unfinished');
      if (attributes.isDirectory()) add({ ...paths, above: self, relative: `${relative}/` });
      else if (attributes.isFile()) {
        const { size, mtimeMs } = attributes;
        await batches.add({ ...paths, isInNewFolder, size, modifiedAt: mtimeMs / 1000 });
      } else stats.fail(paths.local, 'it is not a regular file', 'special-file');
    });
  }
}

function openFolder(path: string, { requests, plan }: TransferRun): Promise<'made' | 'found'> {
  return plan === undefined ? openRemoteFolder(path, requests) : planRemoteFolder(path, { requests, plan });
}

async function identify(folder: SentFolder): Promise<Ancestor> {
  const { dev, ino } = await onThisMachine('read', folder.local, statFolder(folder.local, { bigint: true }));
  const id = `${dev}:${ino}`;
  for (let above = folder.above; above !== undefined; above = above.above) {
    if (above.id === id) {
      throw new TransferError(`${folder.local} leads back to a folder above it`, { code: 'loop' });
    }
  }
  return { id, above: folder.above };
}
