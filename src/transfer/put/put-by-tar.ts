/**
 * Small files of this machine into the session in one tar stream: unpacked under numbers into a folder beside
 * their targets, looked at, and given their names one by one, so that a target is whole or as it was before.
 */

import { joinRemote, remoteFolder, remoteName } from '../../core/sftp/remote-path.ts';
import { BaiError, UnreachableError } from '../../errors.ts';
import { FileQueue } from '../engine/file-queue.ts';
import { keptOf } from '../engine/file-transfer.ts';
import { type Choice, chooseReplacement } from '../engine/if-exists.ts';
import type { RemoteAttributes } from '../engine/remote-attributes.ts';
import { runConcurrently } from '../engine/run-concurrently.ts';
import { openLocalSource, readLocalSource } from '../local/local-source.ts';
import { checksumError, hasSameBytes, needsVerifying } from '../local/verify.ts';
import { listFolder } from '../remote/list-folder.ts';
import { ignoreLeftovers, RemoteStage } from '../remote/remote-staging.ts';
import { checkRemoteTarget, type RemoteTarget } from '../remote/remote-target.ts';
import { onlyCopy, replaceRemote } from '../remote/replace-remote.ts';
import type { ArchiveWriter } from '../tar/archive-writer.ts';
import { endsRun, noteMoved, tellBySftp } from '../tar/tar-use.ts';
import type { TransferRun } from '../tar/transfer-run.ts';
import type { PutFile } from './put-file.ts';

export interface SentFile extends PutFile {
  /** As the walk over the folders found it. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly modifiedAt: number;
}

/** Returns those that did not arrive: they are to go by themselves. */
export async function putByTar(
  files: readonly SentFile[],
  top: string,
  run: TransferRun,
): Promise<readonly SentFile[]> {
  const stream = new SentStream(files, run);
  const staged = await stream.place();
  if (staged.length === 0) return stream.left;
  const stage = await RemoteStage.create(top, run);
  try {
    if (await stage.fill((archive) => stream.pack(staged, { archive, stage })))
      await stream.putInPlace(stage);
  } catch (error) {
    // A stream that is cut by the end of the run is damaged, and that is not why.
    if (run.pool.over !== undefined) throw run.pool.over;
    if (!(error instanceof BaiError) || endsRun(error)) throw error;
    // A connection that is made again has been told.
    if (!(error instanceof UnreachableError)) tellBySftp(top, error.message, run);
  } finally {
    await stage.remove();
  }
  return stream.left;
}

interface PlacedFile extends SentFile {
  readonly known: RemoteTarget;
}

interface StagedFile {
  readonly file: PlacedFile;
  readonly name: string;
  readonly size: number;
}

/** Reading them one after the other would leave the disk idle between its answers. */
const readers = 8;
/** Renames are short: so many fill a long line. */
const mostRenames = { files: 1_000, bytes: Number.MAX_SAFE_INTEGER };
/** What a header can say without being misread. */
const latestTime = 2 ** 31;

class SentStream {
  readonly #run: TransferRun;
  readonly #left: Map<string, SentFile>;
  readonly #staged: StagedFile[] = [];
  readonly #listings = new Map<string, Promise<ReadonlyMap<string, RemoteAttributes> | undefined>>();

  constructor(files: readonly SentFile[], run: TransferRun) {
    this.#run = run;
    this.#left = new Map(files.map((file) => [file.local, file]));
  }

  get left(): readonly SentFile[] {
    return [...this.#left.values()];
  }

  /** Finds what each file is to replace; those that stay out of it, or have to be looked at closer, are not returned. */
  async place(): Promise<readonly PlacedFile[]> {
    const placed: PlacedFile[] = [];
    for (const file of this.left) {
      await this.#attempt(file, async () => {
        const known = await this.#target(file);
        if (known === undefined) return;
        const choice = this.#choose(file, known);
        if (choice === 'keep') this.#left.delete(file.local);
        if (choice !== 'replace') return;
        // What was decided here is not decided again, when the file may have arrived.
        const found = { ...file, known };
        this.#left.set(file.local, found);
        placed.push(found);
      });
    }
    return placed;
  }

  async pack(
    files: readonly PlacedFile[],
    into: { readonly archive: ArchiveWriter; readonly stage: RemoteStage },
  ): Promise<void> {
    const mostBytes = files.reduce((most, { size }) => Math.max(most, size), 0);
    await runConcurrently(files.entries(), readers, () => {
      const bytes = Buffer.allocUnsafe(mostBytes);
      return async ([index, file]) => {
        await this.#attempt(file, () => this.#packFile({ file, name: `${index}`, bytes }, into));
      };
    });
  }

  async putInPlace(stage: RemoteStage): Promise<void> {
    const { sizes } = stage;
    const queue = new FileQueue(mostRenames);
    const arrived = this.#staged.filter(({ name, size }) => sizes.get(name) === size);
    try {
      for (const each of arrived)
        await queue.add(0, () => this.#attempt(each.file, () => this.#finish(each, stage)));
    } finally {
      await queue.settle();
    }
    queue.throwFailure();
  }

  /** What is noted as failed has not to go again. */
  async #attempt(file: SentFile, step: () => Promise<void>): Promise<void> {
    const { stats } = this.#run;
    let isDone = false;
    await stats.attempt(file.local, async () => {
      await step();
      isDone = true;
    });
    if (!isDone) this.#left.delete(file.local);
  }

  /** Nothing when it is something else than a file, such as a link that is to be followed. */
  async #target({ remote, isInNewFolder }: SentFile): Promise<RemoteTarget | undefined> {
    if (isInNewFolder) return { path: remote, old: undefined };
    const folder = remoteFolder(remote);
    const listing = this.#listings.get(folder) ?? this.#list(folder);
    this.#listings.set(folder, listing);
    const names = await listing;
    const old = names?.get(remoteName(remote) ?? '');
    if (names === undefined || (old !== undefined && old.kind !== 'file')) return undefined;
    return { path: remote, old };
  }

  async #list(folder: string): Promise<ReadonlyMap<string, RemoteAttributes> | undefined> {
    const names = new Map<string, RemoteAttributes>();
    try {
      for await (const { name, attributes } of listFolder(folder, this.#run.pool))
        names.set(name, attributes);
      return names;
    } catch (error) {
      if (this.#run.pool.over !== undefined) throw this.#run.pool.over;
      if (!(error instanceof BaiError)) throw error;
      // A folder may be written to by somebody who cannot list it.
      return undefined;
    }
  }

  #choose({ local, remote, size, modifiedAt }: SentFile, { old }: RemoteTarget): Choice['choice'] {
    const { options, stats } = this.#run;
    if (old === undefined) return 'replace';
    const existing = { ...old, path: remote };
    const chosen = chooseReplacement({ source: { size, modifiedAt }, existing, ifExists: options.ifExists });
    if (chosen.choice === 'keep') stats.skip(local, chosen.reason, 'exists');
    return chosen.choice;
  }

  async #packFile(
    { file, name, bytes }: { readonly file: PlacedFile; readonly name: string; readonly bytes: Buffer },
    { archive, stage }: { readonly archive: ArchiveWriter; readonly stage: RemoteStage },
  ): Promise<void> {
    const read = await this.#run.pool.fewer.run(() => readLocalSource(file.local, bytes));
    // It has become larger.
    if (read === undefined) return;
    const { content, attributes } = read;
    const kept = keptOf(attributes, this.#run.options);
    const modifiedAt = Math.floor(kept.modifiedAt ?? Date.now() / 1000);
    if (modifiedAt < 0 || modifiedAt >= latestTime) return;
    const mode = kept.mode ?? file.known.old?.mode ?? (await stage.newFileMode());
    this.#staged.push({ file, name, size: content.length });
    await archive.add({ name, mode, modifiedAt, content });
  }

  async #finish({ file, name, size }: StagedFile, stage: RemoteStage): Promise<void> {
    const { pool, options, stats } = this.#run;
    const path = joinRemote(stage.path, name);
    const isChecked = needsVerifying(options, { size, isResumed: false });
    if (isChecked) {
      const isSame = await pool.fewer.run(async () => {
        await using source = await openLocalSource(file.local);
        return await hasSameBytes(pool, source, { path, size });
      });
      if (!isSame) throw checksumError(file.known.path);
      stats.verified();
    }
    // In a folder that was made a moment ago there is nothing to be looked at.
    if (!file.isInNewFolder) await checkRemoteTarget(pool.requests, file.known.path);
    if (!(await this.#rename(path, file.known.path, stage))) return;
    stage.taken(name);
    this.#left.delete(file.local);
    noteMoved(file.local, size, this.#run);
  }

  /** A refusal is left to SFTP, which tells what is in the way, or writes beside a target on another file system. */
  async #rename(from: string, to: string, stage: RemoteStage): Promise<boolean> {
    const { pool } = this.#run;
    const lane = await pool.lane();
    try {
      // Not to be interrupted: Ctrl-C between removing the old file and renaming the new one would lose both.
      await replaceRemote(lane.cleanup, from, to);
      return true;
    } catch (error) {
      if (error instanceof BaiError && error.code === onlyCopy) {
        stage.keep();
        throw error;
      }
      ignoreLeftovers(error, lane);
      return false;
    }
  }
}
