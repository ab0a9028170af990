/** One file of the session onto this machine. */

import { dirname } from 'node:path';
import type { DryRun } from '../../core/sftp/dry-run.ts';
import { noneIfMissing } from '../../core/undefined-if-missing.ts';
import { onThisMachine } from '../../files/local-error.ts';
import { type FilePaths, keptOf, largeFromBytes, type Meter } from '../engine/file-transfer.ts';
import { type ExistingFile, type Replacement, reasonToSkip } from '../engine/if-exists.ts';
import type { PooledChannel } from '../engine/pooled-channel.ts';
import { stat } from '../local/local-disk.ts';
import { openLocalSource } from '../local/local-source.ts';
import { checkLocalTarget } from '../local/local-target.ts';
import { hasSameBytes, needsVerifying } from '../local/verify.ts';
import { type OpenedSource, openRemoteSource, type RemoteSource } from '../remote/remote-source.ts';
import type { TransferRun } from '../tar/transfer-run.ts';
import { getLarge } from './get-large.ts';
import { getSmall, type SmallGet } from './get-small.ts';

interface GetPaths extends FilePaths {
  /** How large the source was when it was looked at. */
  readonly expected?: number | undefined;
}

/** The target is whole and has the source's size, or is as it was before. */
export async function getFile(paths: GetPaths, run: TransferRun): Promise<void> {
  const fetched = new FetchedFile(paths, run);
  try {
    const large = await run.pool.retrying((lane) => fetched.start(lane));
    if (large !== undefined) {
      await getLarge(
        {
          ...large,
          local: paths.local,
          isInRealFolder: paths.isInRealFolder,
          meter: fetched.meter(large.source.size),
        },
        run,
      );
      run.stats.moved(large.source.size);
    }
  } finally {
    fetched.stop();
  }
}

type Large = { readonly source: RemoteSource; readonly kept: SmallGet['kept'] };

class FetchedFile {
  readonly #paths: GetPaths;
  readonly #run: TransferRun;
  #meter: Meter | undefined;

  constructor(paths: GetPaths, run: TransferRun) {
    this.#paths = paths;
    this.#run = run;
  }

  /** One for all attempts. */
  meter(totalBytes: number): Meter {
    if (this.#meter === undefined) {
      this.#meter = this.#run.observer.started(this.#paths.remote, totalBytes);
      this.#run.pool.expect(totalBytes);
    }
    return this.#meter;
  }

  stop(): void {
    this.#meter?.stop();
  }

  /** Fetches a small file; returns a large one, which goes over all channels. */
  async start(lane: PooledChannel): Promise<Large | undefined> {
    const source = await openRemoteSource(lane.requests, this.#paths.remote, this.#paths.expected);
    try {
      const { modifiedAt } = source.attributes;
      const found = { size: source.size, modifiedAt };
      if (this.#meter === undefined && (await isLeftOut(this.#paths, found, this.#run))) return undefined;
      if (this.#run.plan !== undefined) {
        await planGet(this.#paths, source.size, this.#run.plan);
        return undefined;
      }
      const kept = keptOf(source.attributes, this.#run.options);
      if (source.size >= largeFromBytes) return { source, kept };
      await this.#fetchSmall(source, lane);
      return undefined;
    } finally {
      // Nothing depends on the answer, and after a failure there may be none.
      lane.cleanup.close(source.handle).catch(() => {});
    }
  }

  async #fetchSmall(source: OpenedSource, lane: PooledChannel): Promise<void> {
    const { pool, options, stats } = this.#run;
    const meter = this.meter(source.size);
    const isChecked = needsVerifying(options, { size: source.size, isResumed: false });
    const small: SmallGet = {
      source,
      local: this.#paths.local,
      isInRealFolder: this.#paths.isInRealFolder,
      kept: keptOf(source.attributes, options),
      onBytes: (bytes) => meter.update(bytes),
      isSame: isChecked ? (part) => hasSameBytes(pool, part, source) : undefined,
    };
    await getSmall(small, lane);
    if (isChecked) stats.verified();
    pool.moved(source.size);
    stats.moved(source.size);
  }
}

async function planGet({ local, remote }: FilePaths, bytes: number, plan: DryRun): Promise<void> {
  const isNewFolder = plan.hasFolder(dirname(local));
  if (!isNewFolder) await onThisMachine('write', local, stat(dirname(local)));
  const isThere = !isNewFolder && (await stat(local).catch(noneIfMissing)) !== undefined;
  plan.addCopy({ path: remote, target: local, bytes, reason: isThere ? 'replaces' : 'new' });
}

/** Whether what is there stays; noted then. Throws a BaiError where it must not be there, and where it cannot be replaced. */
async function isLeftOut(paths: FilePaths, source: SizedSource, run: TransferRun): Promise<boolean> {
  const { local, remote } = paths;
  const replacement = await findExisting(paths, source, run);
  const reason =
    replacement &&
    (await reasonToSkip(replacement, async () => {
      await using existing = await openLocalSource(local);
      return await hasSameBytes(run.pool, existing, { path: remote, size: source.size });
    }));
  if (reason !== undefined) run.stats.skip(remote, reason, 'exists');
  return reason !== undefined;
}

interface SizedSource extends ExistingFile {
  readonly size: number;
}

/** What is to be decided; nothing where nothing is in the way. Throws a BaiError for what cannot be replaced. */
export async function findExisting(
  { local }: FilePaths,
  source: ExistingFile,
  { options }: TransferRun,
): Promise<Replacement | undefined> {
  const { ifExists } = options;
  // Where what is there stays in any case, it may be anything.
  if (ifExists !== 'skip' && ifExists !== 'fail') await checkLocalTarget(local);
  if (ifExists === 'overwrite') return undefined;
  const found = await stat(local).catch(noneIfMissing);
  if (found === undefined) return undefined;
  const existing = { path: local, size: found.size, modifiedAt: found.mtimeMs / 1000 };
  return { source, existing, ifExists };
}
