/**
 * Small files of the session onto this machine in one tar stream. The walk over the folders has named each file
 * and chosen its place: the stream brings the content of those files and nothing else, so no name in it becomes
 * a path.
 */

import { pipeline } from 'node:stream/promises';
import { sentSecond } from '../../core/sftp/file-time.ts';
import { BaiError, UnreachableError } from '../../errors.ts';
import { FileQueue } from '../engine/file-queue.ts';
import { type FilePaths, keptOf } from '../engine/file-transfer.ts';
import { chooseReplacement } from '../engine/if-exists.ts';
import type { RemoteAttributes } from '../engine/remote-attributes.ts';
import type { RemoteProgram } from '../engine/sftp-connection.ts';
import { type StagedFile, stageFile } from '../local/local-staging.ts';
import { checksumError, hasSameBytes, needsVerifying } from '../local/verify.ts';
import { type ArchiveEntry, readArchive } from '../tar/tar-archive.ts';
import { endsRun, noteMoved, tellBySftp } from '../tar/tar-use.ts';
import type { TransferRun } from '../tar/transfer-run.ts';
import { findExisting } from './get-file.ts';

export interface FetchedFile extends FilePaths {
  /** Below the folder that is fetched. */
  readonly relative: string;
  /** As the folder listed it. */
  readonly attributes: RemoteAttributes;
  readonly size: number;
}

/** Returns those that did not come, or not as they were listed: they are to go by themselves. */
export async function getByTar(
  files: readonly FetchedFile[],
  root: string,
  run: TransferRun,
): Promise<readonly FetchedFile[]> {
  const wanted = new Map<string, FetchedFile>();
  const alone: FetchedFile[] = [];
  for (const file of files) {
    await run.stats.attempt(file.remote, async () => {
      const replacement = await findExisting(file, file.attributes, run);
      const chosen = replacement === undefined ? undefined : chooseReplacement(replacement);
      if (chosen?.choice === 'compare') alone.push(file);
      else if (chosen?.choice === 'keep') run.stats.skip(file.remote, chosen.reason, 'exists');
      else wanted.set(file.relative, file);
    });
  }
  if (wanted.size === 0) return alone;
  const stream = new FetchedStream(wanted, run);
  let problem: string | undefined;
  try {
    const end = await stream.fetch(root);
    if (end === 'whole') await stream.commit();
    problem = end === 'whole' ? stream.lack : end;
  } catch (error) {
    // A stream that is cut by the end of the run is damaged, and that is not why.
    if (run.pool.over !== undefined) throw run.pool.over;
    if (!(error instanceof BaiError) || endsRun(error)) throw error;
    // A connection that is made again has been told.
    if (!(error instanceof UnreachableError)) problem = error.message;
  } finally {
    await stream.discard();
  }
  if (problem !== undefined && wanted.size > 0) tellBySftp(root, problem, run);
  return [...alone, ...wanted.values()];
}

interface Staged {
  readonly file: FetchedFile;
  readonly staged: StagedFile;
}

const mostStaging = { files: 16, bytes: 8 * 1024 * 1024 };
/** For a header, a long name and what a pax header may say of a file; the names are known to be shorter. */
const headerBytes = 8 * 1024;
/** GNU tar fills up its last record. */
const endBytes = 64 * 1024;
/** With these a shell says that there is no such program: that is no accident of a stream. */
const noProgram = [126, 127];

class FetchedStream {
  readonly #wanted: Map<string, FetchedFile>;
  readonly #run: TransferRun;
  readonly #seen = new Set<string>();
  readonly #staging = new FileQueue(mostStaging);
  #staged: Staged[] = [];

  /** Files are taken out of `wanted` as soon as nothing more is to be done for them. */
  constructor(wanted: Map<string, FetchedFile>, run: TransferRun) {
    this.#wanted = wanted;
    this.#run = run;
  }

  /** What of the files that are wanted was not in it. */
  get lack(): string | undefined {
    const missing = [...this.#wanted.keys()].filter((name) => !this.#seen.has(name)).length;
    return missing === 0 ? undefined : `the tar stream of the session lacks ${missing} of its files`;
  }

  /**
   * `whole` when the stream came to its end and can be believed: with another status some content may be made up.
   * Else what is wrong with it, or nothing where there is no tar.
   */
  async fetch(root: string): Promise<string | undefined> {
    const { pool } = this.#run;
    const words = ['tar', '-c', '--no-recursion', '-f', '-', '-C', await pool.absolute(root), '-T', '-'];
    const program = await pool.programs.start(words);
    if (program === undefined) return undefined;
    using _program = program;
    const asking = pipeline([this.#list()], program.stdin);
    asking.catch(() => {});
    try {
      await this.#receive(program);
    } finally {
      await this.#staging.settle();
    }
    this.#staging.throwFailure();
    const { status } = await program.ended;
    if (status === 0) return 'whole';
    if (status !== undefined && noProgram.includes(status)) return undefined;
    return `the session's tar ended with ${status === undefined ? 'a signal' : `status ${status}`}`;
  }

  async commit(): Promise<void> {
    const queue = new FileQueue(mostStaging);
    try {
      for (const each of this.#staged)
        await queue.add(0, () => this.#run.stats.attempt(each.file.remote, () => this.#finish(each)));
    } finally {
      await queue.settle();
    }
    queue.throwFailure();
  }

  async discard(): Promise<void> {
    await Promise.all(this.#staged.map(({ staged }) => staged.discard()));
  }

  /** A dot in front keeps a name from being an option. */
  #list(): string {
    return [...this.#wanted.keys()].map((name) => `./${name}\n`).join('');
  }

  async #receive({ stdout }: RemoteProgram): Promise<void> {
    let mostBytes = endBytes;
    for (const { size } of this.#wanted.values()) mostBytes += size + headerBytes;
    const bytes = stdout as AsyncIterable<Buffer>;
    for await (const entry of readArchive(this.#run.pool.pace?.stream(bytes) ?? bytes, mostBytes))
      await this.#take(entry);
  }

  async #take(entry: ArchiveEntry): Promise<void> {
    const { stats } = this.#run;
    const name = plainName(entry.name);
    const file = this.#wanted.get(name);
    if (this.#seen.has(name)) return stats.fail(name, 'it came twice in the tar stream', 'refused-name');
    if (file === undefined) {
      return stats.fail(name, 'the session sent it without being asked for it', 'refused-name');
    }
    this.#seen.add(name);
    if (entry.type === 'symlink') {
      this.#wanted.delete(name);
      return stats.skip(file.remote, 'links are not fetched', 'link');
    }
    const misfit = this.#misfitOf(entry);
    if (misfit !== undefined) {
      this.#wanted.delete(name);
      return stats.fail(file.remote, `the tar stream has ${misfit.is} in its place`, misfit.code);
    }
    // A second name of a file comes without content, and one that has changed is for SFTP.
    if (entry.type !== 'file' || entry.size !== file.size) return;
    const content = await entry.content();
    await this.#staging.add(content.length, () => this.#stage(file, entry, content));
  }

  #misfitOf({ name, type, linkname = '' }: ArchiveEntry): { is: string; code: string } | undefined {
    if (type === 'file') return undefined;
    if (type === 'directory') return { is: 'a folder', code: 'not-a-file' };
    if (type !== 'link') return { is: 'no regular file', code: 'special-file' };
    // tar writes one only to a name that it has written before.
    return plainName(linkname) !== plainName(name) && this.#seen.has(plainName(linkname))
      ? undefined
      : { is: 'a link to what was not asked for', code: 'refused-name' };
  }

  async #stage(file: FetchedFile, entry: ArchiveEntry, content: Buffer): Promise<void> {
    const { mode } = entry;
    const { accessedAt, modifiedAt: listed } = file.attributes;
    // SFTP lists another time where the file's own does not fit, and it is what the next comparison sees.
    const modifiedAt = sentSecond(entry.modifiedAt) ?? listed;
    const kept = keptOf({ mode, modifiedAt, accessedAt }, this.#run.options);
    let isStaged = false;
    await this.#run.stats.attempt(file.remote, async () => {
      const { local: target, isInRealFolder } = file;
      const staging = { target, isInRealFolder, content, kept };
      const staged = await this.#run.pool.fewer.run(() => stageFile(staging));
      this.#staged.push({ file, staged });
      isStaged = true;
    });
    // What this machine refused has been told.
    if (!isStaged) this.#wanted.delete(file.relative);
  }

  async #finish({ file, staged }: Staged): Promise<void> {
    const { pool, options, stats } = this.#run;
    const { size, remote } = file;
    if (pool.over !== undefined) throw pool.over;
    if (needsVerifying(options, { size, isResumed: false })) {
      const isSame = await hasSameBytes(pool, staged.content, { path: remote, size });
      if (!isSame) {
        this.#wanted.delete(file.relative);
        throw checksumError(file.local);
      }
      stats.verified();
    }
    this.#wanted.delete(file.relative);
    await staged.commit();
    noteMoved(remote, size, this.#run);
  }
}

/** As the list has it, without its dot. */
function plainName(name: string): string {
  return name.startsWith('./') ? name.slice(2) : name;
}
