/** One file of this machine into the session. */

import { type FilePaths, keptOf, largeFromBytes, sentOf } from '../engine/file-transfer.ts';
import { reasonToSkip } from '../engine/if-exists.ts';
import { type LocalSource, openLocalSource } from '../local/local-source.ts';
import { hasSameBytes, needsVerifying } from '../local/verify.ts';
import {
  findRemoteTarget,
  lookAtTarget,
  type RemoteTarget,
  type TargetLook,
} from '../remote/remote-target.ts';
import type { TransferRun } from '../tar/transfer-run.ts';
import { findJournalPath, putLarge } from './put-large.ts';
import { putSmall, type SmallPut } from './put-small.ts';

export interface PutFile extends FilePaths {
  /** The folder was made a moment ago, so nothing in it has to be looked for. */
  readonly isInNewFolder?: boolean;
  /** What was asked about the target already. */
  readonly asked?: AskedOfTarget | undefined;
  /** What has been found out and decided already: the file is to replace `old`. */
  readonly known?: RemoteTarget | undefined;
}

/** All that a put asks before its first byte, asked at once: each answer is a round trip. */
interface AskedOfTarget {
  readonly look: Promise<TargetLook>;
  readonly journalPath: Promise<string | undefined> | undefined;
}

export function askOfTarget(
  remote: string,
  { size, isInNewFolder = false }: { readonly size: number; readonly isInNewFolder?: boolean },
  run: TransferRun,
): AskedOfTarget {
  const journalPath = size >= largeFromBytes ? findJournalPath(remote, run) : undefined;
  journalPath?.catch(() => {});
  const look = isInNewFolder
    ? Promise.resolve({ old: undefined, named: undefined })
    : lookAtTarget(run.requests, remote);
  look.catch(() => {});
  return { look, journalPath };
}

/** Why what is there stays, or nothing. */
async function reasonToLeave(
  source: LocalSource,
  { path, old }: RemoteTarget,
  { pool, options }: TransferRun,
): Promise<string | undefined> {
  if (old === undefined) return undefined;
  const { size, modifiedMs } = source;
  return await reasonToSkip(
    {
      source: { size, modifiedAt: modifiedMs / 1000 },
      existing: { ...old, path },
      ifExists: options.ifExists,
    },
    () => hasSameBytes(pool, source, { path, size }),
  );
}

/** The target is whole and has the source's size, or is as it was before. */
export async function putFile(file: PutFile, run: TransferRun): Promise<void> {
  const { pool, observer, options, stats } = run;
  const { local, remote } = file;
  await using source = await openLocalSource(local);
  // Known before the first answer, so that further channels open while the target is looked for.
  pool.expect(source.size);
  const isLarge = source.size >= largeFromBytes;
  const { known, isInNewFolder = false } = file;
  const isNew = isInNewFolder || known !== undefined;
  const asked = file.asked ?? askOfTarget(remote, { size: source.size, isInNewFolder: isNew }, run);
  const target = known ?? (await findRemoteTarget(run.requests, remote, asked.look));
  const skipped =
    known === undefined ? await reasonToLeave(source, { ...target, path: remote }, run) : undefined;
  if (skipped !== undefined) {
    pool.expect(-source.size);
    return stats.skip(local, skipped, 'exists');
  }
  if (run.plan !== undefined) {
    const reason = target.old === undefined ? 'new' : 'replaces';
    return run.plan.addCopy({ path: local, target: remote, bytes: source.size, reason });
  }
  const meter = observer.started(local, source.size);
  const kept = sentOf(keptOf(source.attributes, options));
  if (options.preserve && kept.modifiedAt === undefined) stats.undated(local);
  try {
    if (isLarge) {
      const journalPath = await (target.path === remote
        ? asked.journalPath
        : findJournalPath(target.path, run));
      await putLarge({ source, target, kept, meter, journalPath }, run);
    } else {
      const isChecked = needsVerifying(options, { size: source.size, isResumed: false });
      const small: SmallPut = {
        ...{ source, target, kept, renames: { sent: 0 } },
        onBytes: (bytes) => meter.update(bytes),
        isSame: isChecked ? (path) => hasSameBytes(pool, source, { path, size: source.size }) : undefined,
      };
      await pool.retrying((lane) => putSmall(small, lane));
      if (isChecked) stats.verified();
      pool.moved(source.size);
    }
    stats.moved(source.size);
  } finally {
    meter.stop();
  }
}
